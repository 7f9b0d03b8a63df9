-- AlterTable
ALTER TABLE "job" ADD COLUMN     "retry_of" UUID;
