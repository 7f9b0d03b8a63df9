-- AlterTable
ALTER TABLE "attempt" ADD COLUMN     "listed" TEXT,
ADD COLUMN     "patience_ms" INTEGER,
ADD COLUMN     "stale_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "roll_call" (
    "provider" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "covers_until" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "took_ms" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "roll_call_pkey" PRIMARY KEY ("provider")
);
