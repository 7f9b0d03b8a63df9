-- AlterTable
ALTER TABLE "delivery" ADD COLUMN     "lost_leases" INTEGER NOT NULL DEFAULT 0;
