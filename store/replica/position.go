package replica

import (
	"context"
	"fmt"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"
)

// ErrNoCopies is returned by Position for a target that holds none.
var ErrNoCopies = fmt.Errorf("there are no copies yet")

// Position asks the target itself for its newest file, from any process, and
// returns when that file was made and its number.
//
// Litestream stamps a file with the clock of the database's machine after it
// has read the WAL (db.go, sync): every change in the file was committed before
// newest. The other way round it is exact to the length of one group commit,
// some milliseconds: a commit carries the time of its beginning, so one that
// began just before newest may be in the next file. A database that stands
// still makes no files, so an old newest says nothing by itself: the copy lags
// only if the database's last commit is later.
func Position(ctx context.Context, target Target) (newest time.Time, txid uint64, err error) {
	copies, err := target.Open(ctx)
	if err != nil {
		return time.Time{}, 0, fmt.Errorf("%s: %w", target, err)
	}
	e, err := copies.newest(ctx)
	if err != nil {
		return time.Time{}, 0, fmt.Errorf("%s: %w", target, err)
	}
	c := copies.Client(e)
	var last *ltx.FileInfo
	for level := 0; level <= litestream.SnapshotLevel; level++ {
		files, err := list(ctx, c, level)
		if err != nil {
			return time.Time{}, 0, fmt.Errorf("%s: %w", target, err)
		}
		for _, f := range files {
			if last == nil || f.MaxTXID > last.MaxTXID {
				last = f
			}
		}
	}
	if last == nil {
		return time.Time{}, 0, fmt.Errorf("%s: %w", target, ErrNoCopies)
	}
	header, err := litestream.FetchLTXHeader(ctx, c, last)
	if err != nil {
		return time.Time{}, 0, fmt.Errorf("%s: read newest copy: %w", target, err)
	}
	return time.UnixMilli(header.Timestamp).UTC(), uint64(last.MaxTXID), nil
}
