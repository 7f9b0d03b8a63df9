-- AlterTable
ALTER TABLE "breaker" ADD COLUMN     "record" JSONB;

-- AlterTable
ALTER TABLE "price_observation" ADD COLUMN     "told_seconds" DOUBLE PRECISION;
