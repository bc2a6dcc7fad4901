package restore

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// BenchmarkTakeOver takes over a large database once by a restore and once with
// what the standby had followed, and says how many times faster that was. The
// copies lie in a folder of the same disk, which favours the restore: nothing
// is fetched from afar. TAKE_OVER_MB says how large the database is.
func BenchmarkTakeOver(b *testing.B) {
	megabytes := 50
	if n, err := strconv.Atoi(os.Getenv("TAKE_OVER_MB")); err == nil {
		megabytes = n
	}
	dir := b.TempDir()
	tg, err := replica.Parse(filepath.Join(dir, "copies"))
	if err != nil {
		b.Fatal(err)
	}
	database := filepath.Join(dir, "data", "madoguchi.db")
	fill(b, database, tg, megabytes)
	for b.Loop() {
		restored := took(b, tg, filepath.Join(dir, "restored.db"), nil)
		path := filepath.Join(dir, "followed.db")
		f := followed(b, tg, path)
		own := took(b, tg, path, f)
		b.ReportMetric(restored.Seconds(), "s/restored")
		b.ReportMetric(own.Seconds(), "s/followed")
		b.ReportMetric(restored.Seconds()/own.Seconds(), "times-faster")
		for _, p := range []string{"restored.db", "followed.db"} {
			if err := removeDatabase(filepath.Join(dir, p)); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// fill makes a database of rows that do not compress, with an index, as people
// and their bookings are.
func fill(b *testing.B, database string, tg replica.Target, megabytes int) {
	b.Helper()
	text, err := os.ReadFile("../../litestream.yml")
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := replica.ReadConfig(text)
	if err != nil {
		b.Fatal(err)
	}
	st, err := store.Open(b.Context(), store.Options{Path: database})
	if err != nil {
		b.Fatal(err)
	}
	rep, err := replica.Start(b.Context(), st, tg, cfg, replica.Local, quiet())
	if err != nil {
		b.Fatal(err)
	}
	for i := range megabytes {
		err := st.Write(b.Context(), func(tx *store.Tx) error {
			for j := range 2000 {
				random := rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text() + rand.Text()
				if _, err := tx.Exec(`INSERT INTO setting (name, value, changed_at) VALUES (?, ?, ?)`, fmt.Sprintf("%s-%d-%d", random[:8], i, j), random, tx.Now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for begin := time.Now(); rep.Status().Copied != rep.Status().Committed; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 5*time.Minute {
			b.Fatal("the copy never came")
		}
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
	if err := rep.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	if info, err := os.Stat(database); err == nil {
		b.Logf("the database has %s", size(info.Size()))
	}
}

// followed is a follower that has caught up and passed its check.
func followed(b *testing.B, tg replica.Target, path string) *Follower {
	b.Helper()
	f, err := Follow(b.Context(), Options{Target: tg, Path: path}, nil, quiet())
	if err != nil {
		b.Fatal(err)
	}
	for begin := time.Now(); f.State().VerifiedAt.IsZero(); time.Sleep(50 * time.Millisecond) {
		now, err := replica.Look(b.Context(), tg, replica.MetaPath(path))
		if err != nil || time.Since(begin) > 5*time.Minute {
			b.Fatal(err, f.State())
		}
		f.Saw(now)
	}
	return f
}

func took(b *testing.B, tg replica.Target, path string, f *Follower) time.Duration {
	b.Helper()
	// Both times an epoch that holds a whole copy has to be the newest.
	begin := time.Now()
	if _, err := TakeOver(b.Context(), Options{Target: tg, Path: path}, replica.Local, nil, f); err != nil {
		b.Fatal(err)
	}
	return time.Since(begin)
}
