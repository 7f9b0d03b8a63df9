-- AlterTable
ALTER TABLE "stage" ADD COLUMN     "room" TEXT,
ADD COLUMN     "spilled" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "tenant" TEXT NOT NULL DEFAULT 'default';

-- CreateTable
CREATE TABLE "provider_throttle" (
    "provider" TEXT NOT NULL,
    "ceiling" INTEGER,
    "strikes" INTEGER NOT NULL DEFAULT 0,
    "paused_until" TIMESTAMPTZ(3),
    "lowered_at" TIMESTAMPTZ(3),
    "raised_at" TIMESTAMPTZ(3),

    CONSTRAINT "provider_throttle_pkey" PRIMARY KEY ("provider")
);

UPDATE "stage" SET "tenant" = "job"."tenant" FROM "job" WHERE "job"."id" = "stage"."job_id" AND "job"."tenant" <> 'default';

-- What waits, by whose it is: a turn of each tenant is found without looking at the others' rows.
CREATE INDEX "stage_tenant_due" ON "stage" ("tenant", "due_at") WHERE "due_at" IS NOT NULL;
CREATE INDEX "stage_waits_for_room" ON "stage" ("provider", "tenant", "id") WHERE "room" = 'waits' AND "status" = 'active';
CREATE INDEX "stage_has_room" ON "stage" ("provider") WHERE "room" = 'given' AND "status" = 'active';
