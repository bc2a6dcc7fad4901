package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"
)

// ErrForeignCopies means that the target holds copies that this database did
// not make: of another database, of an older or newer life of this one, or of
// a second server. Copying on would make this database the newest state there
// and let the other be forgotten. Bring the copies back with a restore, or name
// a place of its own.
var ErrForeignCopies = errors.New("the place for the copies holds copies of another database or of a later state of this one; restore them, or name an empty place")

// ErrCopiesGone means that the copies made so far are missing from the target:
// its disk is not mounted, or somebody emptied it.
var ErrCopiesGone = errors.New("the copies made so far are not there any more; is the disk mounted? to begin anew, name another place")

// MetaPath is the folder beside the database in which Litestream keeps what it
// has not copied yet and where it stands.
func MetaPath(database string) string {
	return filepath.Join(filepath.Dir(database), "."+filepath.Base(database)+litestream.MetaDirSuffix)
}

func localFile(meta string, txid ltx.TXID) string {
	return litestream.LTXFilePath(meta, 0, txid, txid)
}

// targetFile remembers which target the local state belongs to.
func targetFile(meta string) string { return filepath.Join(meta, "target") }

// join decides whether this database may go on copying to the target, and
// returns the target's list of smallest files for Litestream's own start. The
// rule: every file of the target up to its newest was made here. A state that
// was brought back by a restore is made to look so by Adopt.
func join(ctx context.Context, c litestream.ReplicaClient, meta string, target Target) ([]*ltx.FileInfo, error) {
	remote, err := list(ctx, c, 0)
	if err != nil {
		return nil, err
	}
	oldest, newest, err := localRange(meta)
	if err != nil {
		return nil, err
	}
	before, err := os.ReadFile(targetFile(meta))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read which copies were made before: %w", err)
	}
	if len(remote) == 0 {
		err = joinEmpty(ctx, c, meta, oldest > 1 && strings.TrimSpace(string(before)) == target.String())
	} else {
		err = joinExisting(ctx, c, meta, remote[len(remote)-1], newest)
	}
	if err != nil {
		return nil, err
	}
	if remote == nil {
		remote = []*ltx.FileInfo{}
	}
	return remote, rememberTarget(meta, target)
}

// joinEmpty starts the copies in a target that has none. Files that were
// copied elsewhere may be gone here, so the new place begins with the whole.
func joinEmpty(ctx context.Context, c litestream.ReplicaClient, meta string, expected bool) error {
	if expected {
		return ErrCopiesGone
	}
	for level := 1; level <= litestream.SnapshotLevel; level++ {
		files, err := list(ctx, c, level)
		if err != nil {
			return err
		}
		if len(files) > 0 {
			return fmt.Errorf("only merged copies are left (level %d): %w", level, ErrForeignCopies)
		}
	}
	if oldest, _, err := localRange(meta); err != nil || oldest <= 1 {
		return err
	}
	if err := os.RemoveAll(litestream.LTXDir(meta)); err != nil {
		return fmt.Errorf("forget the former place of the copies: %w", err)
	}
	return nil
}

func joinExisting(ctx context.Context, c litestream.ReplicaClient, meta string, there *ltx.FileInfo, newest ltx.TXID) error {
	if there.MaxTXID > newest {
		return ErrForeignCopies
	}
	here, err := os.Open(localFile(meta, there.MaxTXID))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the copies there went back to an older state: %w", ErrForeignCopies)
	}
	if err != nil {
		return fmt.Errorf("open newest copied file: %w", err)
	}
	defer here.Close()
	same, err := sameHeader(ctx, c, there, here)
	if err != nil {
		return err
	}
	if !same {
		return ErrForeignCopies
	}
	return nil
}

// sameHeader compares size and header, which holds the time and the random
// salts of the WAL that a file was made from.
func sameHeader(ctx context.Context, c litestream.ReplicaClient, there *ltx.FileInfo, here *os.File) (bool, error) {
	info, err := here.Stat()
	if err != nil {
		return false, fmt.Errorf("measure newest copied file: %w", err)
	}
	if info.Size() != there.Size {
		return false, nil
	}
	rc, err := c.OpenLTXFile(ctx, there.Level, there.MinTXID, there.MaxTXID, 0, ltx.HeaderSize)
	if err != nil {
		return false, fmt.Errorf("open newest copy: %w", err)
	}
	defer rc.Close()
	var a, b [ltx.HeaderSize]byte
	if _, err := io.ReadFull(rc, a[:]); err != nil {
		return false, fmt.Errorf("read newest copy: %w", err)
	}
	if _, err := io.ReadFull(here, b[:]); err != nil {
		return false, fmt.Errorf("read newest copied file: %w", err)
	}
	return bytes.Equal(a[:], b[:]), nil
}

// list returns the files of one level in order.
func list(ctx context.Context, c litestream.ReplicaClient, level int) ([]*ltx.FileInfo, error) {
	itr, err := c.LTXFiles(ctx, level, 0, false)
	if err != nil {
		return nil, fmt.Errorf("list copies: %w", err)
	}
	files, err := ltx.SliceFileIterator(itr)
	if err != nil {
		return nil, fmt.Errorf("list copies: %w", err)
	}
	return files, nil
}

// localRange returns the oldest and the newest of the smallest files that are
// still here, or zeros.
func localRange(meta string) (oldest, newest ltx.TXID, err error) {
	entries, err := os.ReadDir(litestream.LTXLevelDir(meta, 0))
	if errors.Is(err, os.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("list local copies: %w", err)
	}
	for _, e := range entries {
		low, high, err := ltx.ParseFilename(e.Name())
		if err != nil {
			continue // a file that was being written when the power failed
		}
		if oldest == 0 || low < oldest {
			oldest = low
		}
		newest = max(newest, high)
	}
	return oldest, newest, nil
}

func rememberTarget(meta string, target Target) error {
	if err := os.MkdirAll(meta, 0o750); err != nil {
		return fmt.Errorf("make folder for local copies: %w", err)
	}
	if err := os.WriteFile(targetFile(meta), []byte(target.String()+"\n"), 0o640); err != nil {
		return fmt.Errorf("remember the place of the copies: %w", err)
	}
	return nil
}

// Adopt prepares the folder meta for a database that was restored from the
// target: the server that starts on it next goes on behind the newest file
// there, first with a copy of the whole. Any other database is refused by
// Start, because it lacks this file.
func Adopt(ctx context.Context, target Target, meta string) error {
	c := target.Client()
	files, err := list(ctx, c, 0)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return ErrCopiesGone
	}
	newest := files[len(files)-1]
	rc, err := c.OpenLTXFile(ctx, 0, newest.MinTXID, newest.MaxTXID, 0, 0)
	if err != nil {
		return fmt.Errorf("open newest copy: %w", err)
	}
	defer rc.Close()
	path := localFile(meta, newest.MaxTXID)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make folder for local copies: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("take over newest copy: %w", err)
	}
	_, err = io.Copy(f, rc)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("take over newest copy: %w", err)
	}
	return rememberTarget(meta, target)
}
