-- Every few seconds somebody looks for throw-away VMs that were left behind: there are few, among all tests that were.
CREATE INDEX "boot_test_left_idx" ON "boot_test"("id") WHERE NOT "machine_gone";
