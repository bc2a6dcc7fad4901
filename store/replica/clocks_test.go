package replica

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"madoguchi/store"
)

// ahead is a clock that another clock is behind.
type ahead time.Duration

func (a ahead) Now() time.Time                  { return time.Now().Add(time.Duration(a)) }
func (a ahead) Since(t time.Time) time.Duration { return a.Now().Sub(t) }

// Where the clocks of this machine and of the store differ, which of them is
// wrong cannot be known: nothing is removed because of its age.
func TestNothingIsRemovedWhileTheClocksDiffer(t *testing.T) {
	for name, c := range map[string]struct {
		skew    time.Duration
		removed bool
	}{"the same": {0, true}, "ahead": {2 * time.Minute, false}, "behind": {-2 * time.Minute, false}} {
		t.Run(name, func(t *testing.T) {
			keys(t)
			backend := s3mem.New(s3mem.WithTimeSource(ahead(c.skew)))
			if err := backend.CreateBucket("copies"); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
			defer server.Close()
			target, err := Parse(bucketAddress(server.URL))
			if err != nil {
				t.Fatal(err)
			}
			st, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/madoguchi.db"})
			if err != nil {
				t.Fatal(err)
			}
			r := startOn(t, st, target, Local)
			defer func() {
				if err := errors.Join(st.Close(), r.Close(t.Context())); err != nil {
					t.Error(err)
				}
			}()
			write(t, st, "a", "1")
			for r.clocks.Load() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			if got := r.Status().Skew; (got - c.skew).Abs() > 5*time.Second {
				t.Errorf("got the clocks %v apart, want %v", got, c.skew)
			}
			files, err := list(t.Context(), r.client, 0)
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			err = r.client.DeleteLTXFiles(t.Context(), files[:1])
			left, listed := list(t.Context(), r.client, 0)
			if listed != nil || (err == nil) != c.removed || (len(left) < len(files)) != c.removed {
				t.Errorf("got %d of %d files left, %v, %v, want one removed: %v", len(left), len(files), err, listed, c.removed)
			}
		})
	}
}
