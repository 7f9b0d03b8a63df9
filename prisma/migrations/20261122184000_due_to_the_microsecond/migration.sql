-- A time of now() that is kept to the millisecond is rounded, half of the time into the future: what was due at once was not, for up to half a millisecond,
-- and whoever looked at that moment looked in vain. More digits need no table written anew.
ALTER TABLE "stage" ALTER COLUMN "due_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "delivery" ALTER COLUMN "due_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "orphan" ALTER COLUMN "due_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "roll_call" ALTER COLUMN "due_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "attempt" ALTER COLUMN "watch_due_at" SET DATA TYPE TIMESTAMPTZ(6);
