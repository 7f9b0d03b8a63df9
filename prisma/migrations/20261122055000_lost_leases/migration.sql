-- AlterTable
ALTER TABLE "stage" ADD COLUMN     "lost_leases" INTEGER NOT NULL DEFAULT 0;
