package qr

import (
	"os"
	"testing"
)

// TestMain turns the test program into the child process when a Reader starts
// it, so that the tests run the very protocol of the product.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "qr-worker" {
		os.Exit(WorkerMain(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}
