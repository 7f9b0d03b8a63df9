-- AlterTable
ALTER TABLE "callback" ADD COLUMN     "provider_job_id" TEXT,
ADD COLUMN     "read_at" TIMESTAMPTZ(3),
ADD COLUMN     "replayed_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "callback_provider_id_idx" ON "callback"("provider", "id" DESC);

-- CreateIndex
CREATE INDEX "callback_provider_provider_job_id_idx" ON "callback"("provider", "provider_job_id");

-- CreateIndex
CREATE INDEX "attempt_provider_ended_at_idx" ON "attempt"("provider", "ended_at");
