package replica

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestWALIsBoundedWhileCopying(t *testing.T) {
	t.Parallel()
	database, folder := paths(t)
	st := openStore(t, database)
	r := start(t, st, folder)
	until(t, "first copy", func() bool { return !r.Status().LastSuccessAt.IsZero() })
	const each, writes = 1 << 20, 30
	for i := range writes {
		write(t, st, fmt.Sprint(i), strings.Repeat("x", each))
		until(t, "copy", copied(r))
	}
	info, err := os.Stat(database + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > each*writes/3 {
		t.Errorf("got a WAL of %d bytes after %d were written, want it used again", info.Size(), each*writes)
	}
	stop(t, st, r)
}
