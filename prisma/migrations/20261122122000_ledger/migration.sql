-- AlterTable
ALTER TABLE "job" ADD COLUMN     "key" TEXT NOT NULL DEFAULT 'admin';

-- AlterTable
ALTER TABLE "stage" ADD COLUMN     "prices" JSONB NOT NULL DEFAULT '[]';

-- CreateTable
CREATE TABLE "ledger_entry" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tenant" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "tag" TEXT,
    "provider" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "job_id" UUID NOT NULL,
    "attempt_id" UUID NOT NULL,
    "outcome" TEXT NOT NULL,
    "amount" DECIMAL(65,30),
    "currency" TEXT,
    "credits" DECIMAL(65,30),
    "estimated" BOOLEAN NOT NULL,
    "waste" BOOLEAN NOT NULL,

    CONSTRAINT "ledger_entry_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "ledger_entry_job_id_idx" ON "ledger_entry"("job_id");

-- CreateIndex
CREATE INDEX "ledger_entry_at_idx" ON "ledger_entry"("at");

-- What was written stays as it was written, whoever tries. \x3B is the semicolon: whoever applies migrations cuts them at each, wherever it stands.
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS E'BEGIN RAISE EXCEPTION ''the ledger is append-only: a correction is another row'' USING ERRCODE = ''restrict_violation''\x3B END';

CREATE TRIGGER ledger_rows_stay BEFORE UPDATE OR DELETE ON "ledger_entry" FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_stays BEFORE TRUNCATE ON "ledger_entry" FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
