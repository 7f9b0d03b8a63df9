-- CreateTable
CREATE TABLE "credential" (
    "job_id" UUID NOT NULL,
    "place_id" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,

    CONSTRAINT "credential_pkey" PRIMARY KEY ("job_id","place_id")
);

-- CreateTable
CREATE TABLE "setting" (
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "setting_pkey" PRIMARY KEY ("name")
);

-- AddForeignKey
ALTER TABLE "credential" ADD CONSTRAINT "credential_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;
