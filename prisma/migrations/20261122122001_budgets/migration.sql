-- CreateTable
CREATE TABLE "budget_period" (
    "budget" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "spent" DECIMAL(65,30) NOT NULL DEFAULT 0,
    "reserved" DECIMAL(65,30) NOT NULL DEFAULT 0,

    CONSTRAINT "budget_period_pkey" PRIMARY KEY ("budget","period")
);

-- CreateTable
CREATE TABLE "budget_reservation" (
    "stage_id" UUID NOT NULL,
    "budget" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "job_id" UUID NOT NULL,
    "amount" DECIMAL(65,30) NOT NULL,

    CONSTRAINT "budget_reservation_pkey" PRIMARY KEY ("stage_id","budget")
);

-- CreateTable
CREATE TABLE "budget_alert" (
    "budget" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "threshold" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "budget_alert_pkey" PRIMARY KEY ("budget","period","threshold")
);

-- CreateIndex
CREATE INDEX "budget_reservation_job_id_idx" ON "budget_reservation"("job_id");
