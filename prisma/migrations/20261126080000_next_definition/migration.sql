-- A running VM has two definitions: what runs, and what its next start will use, which is the one that is edited.
ALTER TABLE "vm" ADD COLUMN "next_xml" TEXT;
