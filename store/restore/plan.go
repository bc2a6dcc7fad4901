package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"

	"madoguchi/store/replica"
)

// ErrDamaged means that the copies cannot give back a whole database: a file
// is missing, cut short or changed. Nothing has been replaced. An older restore
// point may still be whole.
var ErrDamaged = errors.New("the copies are damaged")

// ErrTooOld means that no copy reaches back to the restore point asked for.
var ErrTooOld = errors.New("no copy reaches back that far")

// Options say what to restore, and where to.
type Options struct {
	// Target is the place of the copies.
	Target replica.Target
	// Path of the database file. Its folder need not exist.
	Path string
	// At is the restore point (復旧時点): nothing committed later comes back.
	// Zero means the newest copy.
	At time.Time
	// AcceptLoss goes on although the newest copies are missing (ErrOlder). It
	// is for a person who knows that nothing better is left.
	AcceptLoss bool
	// Clock gives the present instant; nil means the machine's clock.
	Clock func() time.Time

	seized *replica.Seizure // what a server that takes over continues
}

func (o Options) now() time.Time {
	if o.Clock == nil {
		return time.Now()
	}
	return o.Clock()
}

// aside names the folder that takes what is replaced now.
func (o Options) aside() string {
	return filepath.Join(filepath.Dir(o.Path), "replaced-"+o.now().In(japan).Format("20060102-150405"))
}

// Plan is what a restore will do.
type Plan struct {
	// Sentences say it to the person who decides, in Japanese.
	Sentences []string
	// Files and Bytes are what is to be fetched.
	Files int
	Bytes int64
	// Newest is when the newest of those files was made: every change in it was
	// committed before.
	Newest time.Time
	// Aside is the folder that the present files will be moved to.
	Aside string

	// Reported is what the servers last said to be in the target.
	Reported replica.Beat

	options Options
	client  litestream.ReplicaClient
	epoch   replica.Epoch
	files   []*ltx.FileInfo
}

// Prepare plans a restore: what will be fetched and where the present files
// will go. It changes nothing and may be asked while the server runs. It fails
// with replica.ErrNoCopies, ErrTooOld, or ErrDamaged when a file is missing
// between others. A missing newest file cannot be told from one that was never
// copied: the time in the plan is for a person to judge.
func Prepare(ctx context.Context, o Options) (Plan, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return Plan{}, fmt.Errorf("find database: %w", err)
	}
	o.Path = path
	chosen, err := choose(ctx, o)
	if err != nil {
		return Plan{}, fmt.Errorf("plan restore from %s: %w", o.Target, err)
	}
	files := chosen.files
	last := files[len(files)-1]
	header, err := litestream.FetchLTXHeader(ctx, chosen.client, last)
	if err != nil {
		return Plan{}, fmt.Errorf("plan restore from %s: read %s: %w", o.Target, fileName(last), err)
	}
	p := Plan{
		Files:   len(files),
		Newest:  time.UnixMilli(header.Timestamp).UTC(),
		Aside:   o.aside(),
		options: o,
	}
	p.take(chosen)
	for _, f := range files {
		p.Bytes += f.Size
	}
	_, err = os.Lstat(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Plan{}, fmt.Errorf("look for the present database: %w", err)
	}
	p.Sentences = p.words(err == nil)
	return p, nil
}

// choice is what a restore is made of: files of one epoch.
type choice struct {
	client litestream.ReplicaClient
	epoch  replica.Epoch
	files  []*ltx.FileInfo
	beat   replica.Beat
}

func (p *Plan) take(c choice) {
	p.client, p.epoch, p.files, p.Reported = c.client, c.epoch, c.files, c.beat
}

// choose picks the epoch that was being written at the restore point, and of
// its files those that together make the database: the longest reaching one that
// starts from nothing, then always the one that reaches farthest.
func choose(ctx context.Context, o Options) (choice, error) {
	copies, err := o.Target.Open(ctx)
	if err != nil {
		return choice{}, err
	}
	epochs, err := copies.Epochs(ctx)
	if err != nil {
		return choice{}, err
	}
	at := len(epochs) - 1
	for !o.At.IsZero() && at > 0 && epochs[at].StartedAt.After(o.At) {
		at--
	}
	chosen := choice{client: copies.Client(epochs[at].Epoch), epoch: epochs[at].Epoch}
	// What a server wrote after another had begun to take over does not count.
	end := ^ltx.TXID(0)
	if o.seized != nil {
		chosen = choice{client: copies.Client(o.seized.Base), epoch: o.seized.Base}
		end = o.seized.Last
	} else if at+1 < len(epochs) && epochs[at+1].Base == chosen.epoch.String() {
		end = ltx.TXID(epochs[at+1].BaseTXID)
	}
	if at == len(epochs)-1 {
		if chosen.beat, err = lastBeat(ctx, copies, chosen.epoch); err != nil {
			return choice{}, err
		}
	}
	var all []*ltx.FileInfo
	for level := 0; level <= litestream.SnapshotLevel; level++ {
		itr, err := chosen.client.LTXFiles(ctx, level, 0, false)
		if err != nil {
			return choice{}, fmt.Errorf("list copies: %w", err)
		}
		files, err := ltx.SliceFileIterator(itr)
		if err != nil {
			return choice{}, fmt.Errorf("list copies: %w", err)
		}
		files = slices.DeleteFunc(files, func(f *ltx.FileInfo) bool { return f.MaxTXID > end })
		if files, err = until(ctx, chosen.client, files, o.At); err != nil {
			return choice{}, err
		}
		all = append(all, files...)
	}
	if len(all) == 0 && o.At.IsZero() {
		return choice{}, replica.ErrNoCopies
	}
	chosen.files, err = chain(all, !o.At.IsZero())
	return chosen, err
}

// lastBeat is the farthest that a server has reported of this epoch or of one
// after it. Earlier ones may have been cut off on purpose, at a restore point.
func lastBeat(ctx context.Context, copies *replica.Copies, e replica.Epoch) (last replica.Beat, err error) {
	beats, err := copies.Beats(ctx)
	for _, b := range beats {
		if b.Epoch >= e.String() && b.CommitSeq > last.CommitSeq {
			last = b
		}
	}
	return last, err
}

// until cuts the files of one level off at the restore point, by the time
// that each carries inside: a folder that was copied by hand has lost the other.
func until(ctx context.Context, c litestream.ReplicaClient, files []*ltx.FileInfo, at time.Time) ([]*ltx.FileInfo, error) {
	if at.IsZero() {
		return files, nil
	}
	var failed error
	n := sort.Search(len(files), func(i int) bool {
		header, err := litestream.FetchLTXHeader(ctx, c, files[i])
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("read %s: %w", fileName(files[i]), err))
			return true
		}
		return time.UnixMilli(header.Timestamp).After(at)
	})
	return files[:n], failed
}

func chain(all []*ltx.FileInfo, bounded bool) ([]*ltx.FileInfo, error) {
	slices.SortFunc(all, func(a, b *ltx.FileInfo) int { return cmp.Compare(a.MinTXID, b.MinTXID) })
	var chosen []*ltx.FileInfo
	var reached, farthest ltx.TXID
	for i := 0; ; {
		var best *ltx.FileInfo
		// The first must start from nothing; the others may overlap.
		for ; i < len(all) && all[i].MinTXID <= reached+1; i++ {
			farthest = max(farthest, all[i].MaxTXID)
			if best == nil || all[i].MaxTXID > best.MaxTXID || all[i].MaxTXID == best.MaxTXID && all[i].Level > best.Level {
				best = all[i]
			}
		}
		if best == nil || best.MaxTXID <= reached {
			break
		}
		if best.Size < ltx.HeaderSize {
			return nil, fmt.Errorf("%s has only %d bytes: %w", fileName(best), best.Size, ErrDamaged)
		}
		chosen, reached = append(chosen, best), best.MaxTXID
	}
	for _, f := range all {
		farthest = max(farthest, f.MaxTXID)
	}
	if len(chosen) == 0 && bounded {
		return nil, ErrTooOld
	}
	if reached < farthest {
		return nil, fmt.Errorf("the file with change %s is missing: %w", reached+1, ErrDamaged)
	}
	return chosen, nil
}

func fileName(f *ltx.FileInfo) string {
	return litestream.LTXFilePath("", f.Level, f.MinTXID, f.MaxTXID)
}
