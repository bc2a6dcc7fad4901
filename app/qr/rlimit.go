package qr

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// rlimitData is RLIMIT_DATA of Linux (getrlimit(2)); package syscall has no
// name for it. Since Linux 4.7 it counts all private writable memory, unlike
// RLIMIT_AS not what the Go runtime only reserves.
const rlimitData = 2

// limitData allows the process so many bytes of data beyond its present ones.
func limitData(more int64) error {
	now, err := dataSize()
	if err != nil {
		return err
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(rlimitData, &old); err != nil {
		return fmt.Errorf("get limit: %w", err)
	}
	limit := min(uint64(now+more), old.Max)
	if err := syscall.Setrlimit(rlimitData, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		return fmt.Errorf("set limit: %w", err)
	}
	return nil
}

// dataSize is VmData of /proc/self/status, in bytes.
func dataSize() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("read own size: %w", err)
	}
	_, rest, ok := bytes.Cut(status, []byte("VmData:"))
	if !ok {
		return 0, fmt.Errorf("read own size: no VmData in /proc/self/status")
	}
	kib, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
	n, err := strconv.ParseInt(string(kib), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read own size: %w", err)
	}
	return n * 1024, nil
}
