-- AlterTable
ALTER TABLE "breaker" ADD COLUMN "cause" TEXT;
