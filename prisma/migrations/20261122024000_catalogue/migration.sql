-- CreateTable
CREATE TABLE "catalogue_version" (
    "provider" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "covered" TEXT[],
    "gone" TEXT[],
    "entries" INTEGER NOT NULL,
    "fetched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "checked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "catalogue_version_pkey" PRIMARY KEY ("provider","version")
);

-- CreateTable
CREATE TABLE "catalogue_part" (
    "provider" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "part" INTEGER NOT NULL,
    "entries" JSONB NOT NULL,

    CONSTRAINT "catalogue_part_pkey" PRIMARY KEY ("provider","version","part")
);

-- CreateTable
CREATE TABLE "learned_pair" (
    "provider" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "verdict" TEXT NOT NULL,
    "job_id" UUID,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "learned_pair_pkey" PRIMARY KEY ("provider","operation","source","target")
);

-- CreateTable
CREATE TABLE "provider_event" (
    "id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "provider_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "provider_event_provider_id_idx" ON "provider_event"("provider", "id");

-- AddForeignKey
ALTER TABLE "catalogue_part" ADD CONSTRAINT "catalogue_part_provider_version_fkey" FOREIGN KEY ("provider", "version") REFERENCES "catalogue_version"("provider", "version") ON DELETE CASCADE ON UPDATE CASCADE;

-- Whatever several processes do at once, one version of a provider's catalogue counts.
CREATE UNIQUE INDEX "catalogue_version_active_key" ON "catalogue_version"("provider") WHERE "status" = 'active';
