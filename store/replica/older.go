package replica

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"

	"madoguchi/store"
)

// ErrOldDatabase means that the database lacks what its own copies have: its
// disk went back to an earlier state, as after a power failure on a disk that
// lies about what it has written. Going on would make the earlier state the
// newest. The copies have everything; bring them back.
var ErrOldDatabase = errors.New("the database is older than its own copies; restore them")

// requireNewest compares the database with what is beside it: the number that
// was acknowledged last, and the newest file of changes. It asks no target.
func requireNewest(ctx context.Context, st *store.Store, meta string) error {
	have := st.LastCommit().Sequence
	var k kept
	if text, err := os.ReadFile(ackedFile(meta)); err == nil && json.Unmarshal(text, &k) == nil && k.Commit > have {
		return fmt.Errorf("commit %d was acknowledged, the database has %d: %w", k.Commit, have, ErrOldDatabase)
	}
	entries, err := os.ReadDir(litestream.LTXLevelDir(meta, 0))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list local copies: %w", err)
	}
	var root int64
	err = st.Read(ctx, func(tx *store.Tx) (err error) {
		root, err = store.One[int64](tx, `SELECT rootpage FROM sqlite_schema WHERE name = 'store_state'`)
		return err
	})
	if err != nil {
		return fmt.Errorf("find the number of the last commit: %w", err)
	}
	for _, e := range slices.Backward(entries) {
		if _, _, err := ltx.ParseFilename(e.Name()); err != nil {
			continue // a file that was being written when the power failed
		}
		copied, found := commitIn(filepath.Join(litestream.LTXLevelDir(meta, 0), e.Name()), root)
		switch {
		case !found: // cut short, or without a commit of the store's own: the one before tells
		case copied > have:
			return fmt.Errorf("commit %d was copied, the database has %d: %w", copied, have, ErrOldDatabase)
		default:
			return nil
		}
	}
	return nil
}

// commitIn reads the number of the last commit out of a file of changes.
func commitIn(path string, root int64) (sequence int64, found bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	dec := ltx.NewDecoder(f)
	if err := dec.DecodeHeader(); err != nil {
		return 0, false
	}
	page := make([]byte, dec.Header().PageSize)
	for {
		var h ltx.PageHeader
		err := dec.DecodePage(&h, page)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, false
		}
		if int64(h.Pgno) == root {
			sequence, found = commitOn(page)
		}
	}
	return sequence, found && dec.Close() == nil
}

// commitOn reads commit_seq from the page that holds the one row of
// store_state, by SQLite's file format: a leaf with one cell, whose record's
// second value it is.
func commitOn(page []byte) (int64, bool) {
	const leaf, header = 0x0d, 8
	if len(page) < header+2 || page[0] != leaf || binary.BigEndian.Uint16(page[3:]) != 1 {
		return 0, false
	}
	at := int(binary.BigEndian.Uint16(page[header:]))
	if at >= len(page) {
		return 0, false
	}
	cell := page[at:]
	var ok bool
	number := func() (v int64) { // SQLite's varint
		for i := 0; ok && i < 8; i++ {
			if len(cell) == 0 {
				ok = false
				return 0
			}
			b := cell[0]
			cell = cell[1:]
			v = v<<7 | int64(b&0x7f)
			if b < 0x80 {
				return v
			}
		}
		ok = false // a ninth byte has no place in numbers this small
		return 0
	}
	ok = true
	number() // size of the record
	number() // rowid
	whole := cell
	size := number()
	id, kind := number(), number()
	if !ok || id != 0 || size > int64(len(whole)) { // the id is the rowid and takes no room
		return 0, false
	}
	value := whole[size:]
	switch kind {
	case 8, 9:
		return kind - 8, true
	case 1, 2, 3, 4, 5, 6:
		width := []int{1, 2, 3, 4, 6, 8}[kind-1]
		if width > len(value) {
			return 0, false
		}
		v := int64(int8(value[0]))
		for _, b := range value[1:width] {
			v = v<<8 | int64(b)
		}
		return v, true
	}
	return 0, false
}
