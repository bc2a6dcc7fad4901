package replica

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"

	"madoguchi/store/crypt"
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

// ErrNotEncrypted means that a store outside the town hall has no data key:
// nothing is sent to it in the clear.
var ErrNotEncrypted = errors.New("the store has no data key yet; make one with madoguchi keys wrap")

// MetaPath is the folder beside the database in which Litestream keeps what it
// has not copied yet and where it stands.
func MetaPath(database string) string {
	return filepath.Join(filepath.Dir(database), "."+filepath.Base(database)+litestream.MetaDirSuffix)
}

func localFile(meta string, txid ltx.TXID) string {
	return litestream.LTXFilePath(meta, 0, txid, txid)
}

// turn is what this database knows of its own epoch; it stands beside it.
type turn struct {
	Target    string `json:"target"`
	Epoch     string `json:"epoch"`  // the own one, "" before the first
	Expect    string `json:"expect"` // newest epoch when this one was wanted
	Held      bool   `json:"held"`   // begun, and all earlier ones closed
	Mode      Mode   `json:"mode"`
	Base      string `json:"base"`
	BaseTXID  uint64 `json:"base_txid"`
	Announced bool   `json:"announced"` // its manifest is in the target
	Key       string `json:"key"`       // data key used last
}

func readTurn(meta string) (turn, error) {
	var t turn
	text, err := os.ReadFile(turnFile(meta))
	if errors.Is(err, os.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	if err != nil {
		return turn{}, fmt.Errorf("read own epoch: %w", err)
	}
	return t, nil
}

func (t turn) write(meta string) error {
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("write own epoch: %w", err)
	}
	if err := os.MkdirAll(meta, 0o750); err != nil {
		return fmt.Errorf("make folder for local copies: %w", err)
	}
	return writeWhole(turnFile(meta), append(text, '\n'))
}

// join decides whether this database may go on copying to the target, begins
// an epoch where it needs one, and returns the target's list of smallest files
// for Litestream's own start. The rule: the newest epoch in the target is this
// database's own and every file of it was made here, or this database was
// brought back from that epoch and nobody has begun another since.
func (c *client) join(ctx context.Context, meta string, target Target) ([]*ltx.FileInfo, turn, error) {
	t, err := readTurn(meta)
	if err != nil {
		return nil, t, err
	}
	mine := t.Target == target.String()
	place, err := target.open(ctx, pinned(t, mine))
	if err != nil {
		return nil, t, err
	}
	all, err := place.claims(ctx, Epoch{})
	if err != nil {
		return nil, t, err
	}
	last := ""
	if len(all) > 0 {
		last = all[len(all)-1].String()
	}
	c.place = place
	switch {
	case mine && t.Held && last == t.Epoch:
		return c.resume(ctx, meta, t)
	case mine && last == "" && (t.Held || t.Expect != ""):
		return nil, t, ErrCopiesGone
	case mine && t.Held:
		return nil, t, fmt.Errorf("%s was begun: %w", last, ErrFenced)
	case last == "", mine && (last == t.Expect || last == t.Epoch):
		return c.begin(ctx, meta, target, last)
	}
	return nil, t, ErrForeignCopies
}

func pinned(t turn, mine bool) crypt.ID {
	if id, err := crypt.ParseID(t.Key); mine && err == nil {
		return id
	}
	return crypt.ID{}
}

// begin begins an epoch with nothing of what was copied elsewhere.
func (c *client) begin(ctx context.Context, meta string, target Target, last string) ([]*ltx.FileInfo, turn, error) {
	t := turn{Target: target.String(), Expect: last}
	if c.place.keys == nil && target.outside {
		return nil, t, ErrNotEncrypted
	}
	probe, err := probed(ctx, target)
	if err != nil {
		return nil, t, err
	}
	own, err := node(meta)
	if err != nil {
		return nil, t, err
	}
	t.Mode = probe.Mode
	if c.place.keys != nil {
		t.Key = c.place.keys.Current.ID.String()
	}
	e, b, err := c.place.acquire(ctx, own, probe, func(next Epoch) error {
		t.Epoch = next.String()
		return t.write(meta)
	})
	if err != nil {
		return nil, t, err
	}
	if err := os.RemoveAll(litestream.LTXDir(meta)); err != nil {
		return nil, t, fmt.Errorf("forget the former epoch: %w", err)
	}
	t.Held = true
	if b.txid > 0 {
		t.Base, t.BaseTXID = b.epoch.String(), uint64(b.txid)
	}
	if err := t.write(meta); err != nil {
		return nil, t, err
	}
	c.enter(e, t.Mode)
	return []*ltx.FileInfo{}, t, nil
}

// resume goes on in the own epoch after a restart.
func (c *client) resume(ctx context.Context, meta string, t turn) ([]*ltx.FileInfo, turn, error) {
	e, ok := parseEpoch(t.Epoch)
	if !ok {
		return nil, t, fmt.Errorf("%q is no epoch", t.Epoch)
	}
	c.enter(e, t.Mode)
	remote, err := c.place.files(ctx, e, 0, 0)
	if err != nil {
		return nil, t, err
	}
	if len(remote) == 0 {
		if t.Announced {
			return nil, t, ErrCopiesGone
		}
		return remote, t, nil
	}
	_, newest, err := localRange(meta)
	if err != nil {
		return nil, t, err
	}
	if err := joinExisting(ctx, c, meta, remote[len(remote)-1], newest); err != nil {
		return nil, t, err
	}
	if c.place.keys != nil && t.Key != c.place.keys.Current.ID.String() {
		t.Key = c.place.keys.Current.ID.String()
		err = t.write(meta)
	}
	return remote, t, err
}

// announce writes the manifest once the epoch holds a whole copy.
func (c *client) announce(ctx context.Context, meta string, t *turn, now time.Time) error {
	if t.Announced {
		return nil
	}
	m := Manifest{Base: t.Base, BaseTXID: t.BaseTXID, StartedAt: now}
	err := c.place.putJSON(ctx, manifestFolder+t.Epoch+".json", m, t.Mode == Once)
	if err != nil && !errors.Is(err, errExists) {
		return err
	}
	t.Announced = true
	return t.write(meta)
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
		return nil, err
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

// Adopt prepares the folder meta for a database that was restored from the
// target: the server that starts on it next begins an epoch of its own, unless
// another has begun one meanwhile. Any other database is refused by Start.
func Adopt(ctx context.Context, target Target, meta string) error {
	all, err := (&place{target: target, bucket: target.dial()}).claims(ctx, Epoch{})
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return ErrCopiesGone
	}
	return turn{Target: target.String(), Expect: all[len(all)-1].String()}.write(meta)
}
