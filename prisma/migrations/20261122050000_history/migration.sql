-- CreateIndex
CREATE INDEX "attempt_stage_id_idx" ON "attempt"("stage_id");

-- CreateIndex
CREATE INDEX "orphan_job_id_idx" ON "orphan"("job_id");

-- CreateIndex
CREATE INDEX "provider_event_at_idx" ON "provider_event"("at");

-- What the schema language cannot say.
CREATE INDEX "job_ended" ON "job" ("ended_at", "id") WHERE "ended_at" IS NOT NULL;
CREATE INDEX "job_input_file" ON "job_input" ("file_id") WHERE "file_id" IS NOT NULL;
CREATE INDEX "file_named" ON "file" ("path") WHERE "path" IS NOT NULL AND "erased_at" IS NULL;
CREATE INDEX "callback_stray" ON "callback" ("received_at") WHERE "attempt_id" IS NULL;
