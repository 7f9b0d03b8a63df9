-- AlterTable
ALTER TABLE "attempt" ADD COLUMN     "searches" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "unknown_since" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "orphan" (
    "attempt_id" UUID NOT NULL,
    "job_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "searches" INTEGER NOT NULL DEFAULT 0,
    "provider_job_id" TEXT,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "orphan_pkey" PRIMARY KEY ("attempt_id")
);

-- CreateIndex
CREATE INDEX "orphan_due_at_idx" ON "orphan"("due_at");
