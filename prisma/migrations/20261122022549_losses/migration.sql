-- AlterTable
ALTER TABLE "job_step" ADD COLUMN     "losses" JSONB NOT NULL DEFAULT '[]';
