-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "job" (
    "id" UUID NOT NULL,
    "tenant" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "graph" JSONB NOT NULL,
    "tag" TEXT,
    "progress" INTEGER NOT NULL DEFAULT 0,
    "error" JSONB,
    "last_sequence" INTEGER NOT NULL DEFAULT 0,
    "retention_seconds" INTEGER NOT NULL,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "queued_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job_input" (
    "job_id" UUID NOT NULL,
    "id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "filename" TEXT,
    "status" TEXT NOT NULL,
    "file_id" UUID,

    CONSTRAINT "job_input_pkey" PRIMARY KEY ("job_id","id")
);

-- CreateTable
CREATE TABLE "job_step" (
    "job_id" UUID NOT NULL,
    "id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "operation" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "provider" TEXT,

    CONSTRAINT "job_step_pkey" PRIMARY KEY ("job_id","id")
);

-- CreateTable
CREATE TABLE "stage" (
    "id" UUID NOT NULL,
    "job_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "provider" TEXT NOT NULL,
    "step_ids" TEXT[],
    "needs" TEXT[],
    "status" TEXT NOT NULL,
    "history" JSONB NOT NULL DEFAULT '[]',
    "due_at" TIMESTAMPTZ(3),
    "hinted" BOOLEAN NOT NULL DEFAULT false,
    "lease_owner" UUID,
    "lease_epoch" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "stage_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attempt" (
    "id" UUID NOT NULL,
    "job_id" UUID NOT NULL,
    "stage_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "step_ids" TEXT[],
    "status" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "provider_job_id" TEXT,
    "progress" INTEGER,
    "word" TEXT,
    "polls" INTEGER NOT NULL DEFAULT 0,
    "read_failures" INTEGER NOT NULL DEFAULT 0,
    "failing_since" TIMESTAMPTZ(3),
    "credits" DECIMAL(65,30),
    "cost" DECIMAL(65,30),
    "currency" TEXT,
    "error" JSONB,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "moved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "attempt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "file" (
    "id" UUID NOT NULL,
    "job_id" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "path" TEXT,
    "filename" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "sha256" TEXT,
    "step_id" TEXT,
    "position" INTEGER NOT NULL DEFAULT 0,
    "is_output" BOOLEAN NOT NULL DEFAULT false,
    "provider" TEXT,
    "provider_file_id" TEXT,
    "provider_url" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "erased_at" TIMESTAMPTZ(3),

    CONSTRAINT "file_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event" (
    "job_id" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_pkey" PRIMARY KEY ("job_id","sequence")
);

-- CreateTable
CREATE TABLE "callback" (
    "id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "attempt_id" UUID,
    "body_hash" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "callback_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "job_tenant_id_idx" ON "job"("tenant", "id" DESC);

-- CreateIndex
CREATE INDEX "job_tenant_status_id_idx" ON "job"("tenant", "status", "id" DESC);

-- CreateIndex
CREATE INDEX "job_tenant_tag_id_idx" ON "job"("tenant", "tag", "id" DESC);

-- CreateIndex
CREATE INDEX "stage_job_id_idx" ON "stage"("job_id");

-- CreateIndex
CREATE UNIQUE INDEX "attempt_reference_key" ON "attempt"("reference");

-- CreateIndex
CREATE INDEX "attempt_job_id_idx" ON "attempt"("job_id");

-- CreateIndex
CREATE UNIQUE INDEX "attempt_provider_provider_job_id_key" ON "attempt"("provider", "provider_job_id");

-- CreateIndex
CREATE INDEX "file_job_id_idx" ON "file"("job_id");

-- CreateIndex
CREATE INDEX "callback_attempt_id_idx" ON "callback"("attempt_id");

-- CreateIndex
CREATE UNIQUE INDEX "callback_provider_body_hash_key" ON "callback"("provider", "body_hash");

-- AddForeignKey
ALTER TABLE "job_input" ADD CONSTRAINT "job_input_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job_input" ADD CONSTRAINT "job_input_file_id_fkey" FOREIGN KEY ("file_id") REFERENCES "file"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job_step" ADD CONSTRAINT "job_step_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stage" ADD CONSTRAINT "stage_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempt" ADD CONSTRAINT "attempt_stage_id_fkey" FOREIGN KEY ("stage_id") REFERENCES "stage"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "file" ADD CONSTRAINT "file_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event" ADD CONSTRAINT "event_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What the schema language cannot say.
CREATE INDEX "stage_due" ON "stage" ("due_at") WHERE "due_at" IS NOT NULL;
CREATE UNIQUE INDEX "attempt_live" ON "attempt" ("stage_id") WHERE "ended_at" IS NULL;
CREATE INDEX "job_deadline" ON "job" ("deadline_at") WHERE "ended_at" IS NULL;
CREATE INDEX "file_expiry" ON "file" ("expires_at") WHERE "erased_at" IS NULL AND "expires_at" IS NOT NULL;
