package restore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// written makes copies of n commits in as many files and returns the files. It
// removes the merged ones, which would stand in for any that is damaged.
func written(t *testing.T, database string, tg replica.Target, n int) []string {
	t.Helper()
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		for i := range n {
			write(t, st, fmt.Sprintf("%02d", i))
			awaitCopy(t, rep)
		}
	})
	for level := 1; level <= litestream.SnapshotLevel; level++ {
		if err := os.RemoveAll(litestream.LTXLevelDir(epochFolder(t, tg), level)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(litestream.LTXLevelDir(epochFolder(t, tg), 0), "*.ltx"))
	if err != nil || len(files) < n {
		t.Fatalf("got %d files, %v, want at least %d", len(files), err, n)
	}
	return files
}

func attempt(t *testing.T, o Options) error {
	t.Helper()
	p, err := Prepare(t.Context(), o)
	if err != nil {
		return err
	}
	_, err = Run(t.Context(), p, nil)
	return err
}

func TestDamagedCopiesAreNeverPutInPlace(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(files []string) error
		want   string
	}{
		"a file in the middle is missing": {func(f []string) error { return os.Remove(f[2]) }, "is missing"},
		"the first file is missing":       {func(f []string) error { return os.Remove(f[0]) }, "is missing"},
		"a file is cut short":             {func(f []string) error { return os.Truncate(f[2], 300) }, "0000000000000003"},
		"a file is cut to nothing":        {func(f []string) error { return os.Truncate(f[2], 0) }, "0 bytes"},
		"a file stands in for another": {func(f []string) error {
			text, err := os.ReadFile(f[1])
			return errors.Join(err, os.WriteFile(f[2], text, 0o600))
		}, "it holds the changes"},
	} {
		t.Run(name, func(t *testing.T) {
			database, tg := places(t)
			files := written(t, database, tg, 5)
			before := contents(t, filepath.Dir(database))
			if err := c.damage(files); err != nil {
				t.Fatal(err)
			}
			err := attempt(t, Options{Target: tg, Path: database})
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrDamaged with %q", err, c.want)
			}
			wantUnchanged(t, filepath.Dir(database), before)
		})
	}
}

func TestGapBeforeTheRestorePointIsNoticedToo(t *testing.T) {
	database, tg := places(t)
	files := written(t, database, tg, 5)
	if err := os.Remove(files[2]); err != nil {
		t.Fatal(err)
	}
	err := attempt(t, Options{Target: tg, Path: database, At: time.Now()})
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

// TestNoFlippedBitGoesUnnoticed: a restore from copies with one bit changed
// either fails or gives back exactly what was written.
func TestNoFlippedBitGoesUnnoticed(t *testing.T) {
	database, tg := places(t)
	files := written(t, database, tg, 4)
	want := names(t, database)
	to := filepath.Join(t.TempDir(), "restored.db")
	random := rand.New(rand.NewPCG(20260401, 1))
	harmless := 0
	const flips = 120
	for i := range flips {
		file := files[random.IntN(len(files))]
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bit := random.IntN(len(whole) * 8)
		whole[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := attempt(t, Options{Target: tg, Path: to, Clock: nth(i)}); err == nil {
			harmless++
			wantNames(t, names(t, to), want...)
		}
		whole[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if harmless > flips/10 {
		t.Errorf("got %d of %d flips that changed nothing, want few", harmless, flips)
	}
}

// nth is a clock that gives every restore its own second, and so its own folder.
func nth(i int) func() time.Time {
	return func() time.Time { return time.Date(2026, 4, 1, 9, 0, i, 0, time.UTC) }
}

func TestMissingNewestFileShowsInThePlan(t *testing.T) {
	database, tg := places(t)
	files := written(t, database, tg, 5)
	whole, err := Prepare(t.Context(), Options{Target: tg, Path: database})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(files[len(files)-1]); err != nil {
		t.Fatal(err)
	}
	less, err := Prepare(t.Context(), Options{Target: tg, Path: database})
	if err != nil {
		t.Fatal(err)
	}
	if !less.Newest.Before(whole.Newest) {
		t.Errorf("got %v, want it before %v", less.Newest, whole.Newest)
	}
}

func TestFilesMergedAwayAfterThePlanAreChosenAnew(t *testing.T) {
	database, tg := places(t)
	files := written(t, database, tg, 5)
	p, err := Prepare(t.Context(), Options{Target: tg, Path: database})
	if err != nil {
		t.Fatal(err)
	}
	merged := filepath.Join(epochFolder(t, tg), "ltx", "1", ltx.FormatFilename(1, ltx.TXID(len(files)-1)))
	if err := os.MkdirAll(filepath.Dir(merged), 0o750); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(merged)
	if err != nil {
		t.Fatal(err)
	}
	var parts []part
	for _, f := range files[:len(files)-1] {
		parts = append(parts, part{path: f})
	}
	if err := errors.Join(merge(t.Context(), parts, out), out.Close()); err != nil {
		t.Fatal(err)
	}
	for _, f := range files[:len(files)-1] {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Run(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	wantNames(t, names(t, database), "00", "01", "02", "03", "04")
}

func TestEmptyTargetHasNoCopies(t *testing.T) {
	database, tg := places(t)
	if err := attempt(t, Options{Target: tg, Path: database}); !errors.Is(err, replica.ErrNoCopies) {
		t.Errorf("got %v, want ErrNoCopies", err)
	}
}

func TestRestorePointBringsBackNothingLater(t *testing.T) {
	database, tg := places(t)
	var points []time.Time
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		for i := range 5 {
			write(t, st, fmt.Sprintf("%02d", i))
			awaitCopy(t, rep)
			newest, _, err := replica.Position(t.Context(), tg)
			if err != nil {
				t.Fatal(err)
			}
			points = append(points, newest)
		}
	})
	all := []string{"00", "01", "02", "03", "04"}
	for i, at := range points {
		to := filepath.Join(t.TempDir(), "restored.db")
		restore(t, Options{Target: tg, Path: to, At: at})
		wantNames(t, names(t, to), all[:i+1]...)
	}
	_, err := Prepare(t.Context(), Options{Target: tg, Path: database, At: points[0].Add(-time.Hour)})
	if !errors.Is(err, ErrTooOld) {
		t.Errorf("got %v, want ErrTooOld", err)
	}
}

func TestServerGoesOnAfterARestoreToAPoint(t *testing.T) {
	database, tg := places(t)
	var at time.Time
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		write(t, st, "a")
		awaitCopy(t, rep)
		var err error
		if at, _, err = replica.Position(t.Context(), tg); err != nil {
			t.Fatal(err)
		}
		write(t, st, "mistake")
	})
	restore(t, Options{Target: tg, Path: database, At: at})
	serve(t, database, tg, func(st *store.Store, _ *replica.Replica) { write(t, st, "b") })
	restore(t, Options{Target: tg, Path: database, Clock: nth(1)})
	wantNames(t, names(t, database), "a", "b")
}
