-- CreateTable
CREATE TABLE "price_observation" (
    "provider" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "size_class" TEXT NOT NULL,
    "samples" JSONB NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_observation_pkey" PRIMARY KEY ("provider","operation","source","target","size_class")
);

-- CreateIndex
CREATE INDEX "price_observation_changed_at_idx" ON "price_observation"("changed_at");
