-- AlterTable
ALTER TABLE "attempt" ADD COLUMN     "late_state" TEXT,
ADD COLUMN     "uploaded" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "waste" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "watch_due_at" TIMESTAMPTZ(3),
ADD COLUMN     "watch_reads" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex
CREATE INDEX "attempt_watch" ON "attempt" ("watch_due_at") WHERE "watch_due_at" IS NOT NULL;
