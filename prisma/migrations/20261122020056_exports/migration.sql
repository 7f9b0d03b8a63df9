-- CreateTable
CREATE TABLE "job_export" (
    "job_id" UUID NOT NULL,
    "id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "waits_for" TEXT[],
    "error" TEXT,

    CONSTRAINT "job_export_pkey" PRIMARY KEY ("job_id","id")
);

-- AddForeignKey
ALTER TABLE "job_export" ADD CONSTRAINT "job_export_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;
