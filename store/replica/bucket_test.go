package replica

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"madoguchi/store"
)

func bucketServer(t *testing.T) http.Handler {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("copies"); err != nil {
		t.Fatal(err)
	}
	return gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
}

func bucketAddress(endpoint string) string {
	return "s3://copies/madoguchi?region=jp-east-1&endpoint=" + endpoint
}

func TestBucketTakesCopiesAndTellsItsNewest(t *testing.T) {
	keys(t)
	server := httptest.NewServer(bucketServer(t))
	defer server.Close()
	database, _ := paths(t)
	address := bucketAddress(server.URL)
	target, err := Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Position(t.Context(), target); !errors.Is(err, ErrNoCopies) {
		t.Errorf("got %v, want ErrNoCopies", err)
	}
	st := openStore(t, database)
	r := start(t, st, address)
	write(t, st, "a", "1")
	until(t, "copy of a", copied(r))
	wantNewestAfter(t, target, st.LastCommit())
	write(t, st, "b", "2")
	stop(t, st, r)

	st = openStore(t, database)
	r = start(t, st, address)
	write(t, st, "c", "3")
	until(t, "copy of c", copied(r))
	wantNewestAfter(t, target, st.LastCommit())
	stop(t, st, r)
	refused(t, t.TempDir()+"/other.db", address)
}

func wantNewestAfter(t *testing.T, target Target, c store.Commit) {
	t.Helper()
	newest, txid, err := Position(t.Context(), target)
	if err != nil || txid == 0 {
		t.Fatalf("got %d, %v, want a position", txid, err)
	}
	// Both clocks are cut to the millisecond.
	if newest.Before(c.At) {
		t.Errorf("newest copy: got %v, want not before the commit at %v", newest, c.At)
	}
}

func TestTargetThatIsAwayAtTheStartIsCopiedToLater(t *testing.T) {
	keys(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	database, _ := paths(t)
	st := openStore(t, database)
	write(t, st, "a", "1")
	r := start(t, st, bucketAddress("http://"+endpoint))
	until(t, "error", func() bool { return r.Status().LastError != "" })
	if s := r.Status(); s.Lag <= 0 || s.Copied.Sequence != 0 {
		t.Errorf("got lag %v, copied %d, want a lag and nothing copied", s.Lag, s.Copied.Sequence)
	}
	if listener, err = net.Listen("tcp", endpoint); err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: bucketServer(t)}}
	server.Start()
	defer server.Close()
	until(t, "copy once it is there", copied(r))
	if s := r.Status(); s.LastError != "" || s.Lag != 0 {
		t.Errorf("got error %q, lag %v, want none", s.LastError, s.Lag)
	}
	stop(t, st, r)
}

// silence is a folder that stops answering, as a network disk does.
type silence struct {
	bucket
	gone chan struct{} // closed when it stops
}

func (s silence) putNew(ctx context.Context, key string, body io.ReadSeeker) error {
	select {
	case <-s.gone:
		select {}
	default:
		return s.bucket.putNew(ctx, key, body)
	}
}

// TestTargetThatGoesSilentDoesNotHoldUpTheEnd would hang without deadlines.
func TestTargetThatGoesSilentDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	database, address := paths(t)
	st := openStore(t, database)
	target, err := Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	target.dial = func() bucket { return limited{silence{folder(address), gone}} }
	r, err := Start(t.Context(), st, target, config(t), Local, quiet())
	if err != nil {
		t.Fatal(err)
	}
	until(t, "first copy", func() bool { return !r.Status().LastSuccessAt.IsZero() })
	close(gone)
	write(t, st, "a", "1")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(t.Context()); !errors.Is(err, errDeadline) {
		t.Errorf("got %v, want the deadline", err)
	}
	if got := r.Status().Copied.Sequence; got != 0 {
		t.Errorf("got commit %d copied, want none", got)
	}
}

func TestEachCallEndsByItsDeadline(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	_, err := within(t.Context(), time.Millisecond, func(context.Context) (int, error) {
		<-block
		return 1, nil
	})
	if !errors.Is(err, errDeadline) {
		t.Errorf("got %v, want the deadline", err)
	}
}

func TestLagIsTheAgeOfTheOldestUncopiedCommit(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 4, 1, 9, 0, second, 0, time.UTC) }
	var k tracker
	steps := []struct {
		name   string
		do     func()
		now    int
		lag    time.Duration
		copied int64
	}{
		{"nothing committed", func() {}, 0, 0, 0},
		{"two commits wait", func() { k.commit(store.Commit{Sequence: 1, At: at(1)}); k.commit(store.Commit{Sequence: 2, At: at(2)}) }, 4, 3 * time.Second, 0},
		{"a copy is underway", k.begin, 5, 4 * time.Second, 0},
		{"a commit comes during it", func() { k.commit(store.Commit{Sequence: 3, At: at(6)}) }, 7, 6 * time.Second, 0},
		{"the copy fails", func() { k.end(errDeadline, at(8)) }, 8, 7 * time.Second, 0},
		{"another begins", k.begin, 9, 8 * time.Second, 0},
		{"a fourth commit comes during it", func() { k.commit(store.Commit{Sequence: 4, At: at(10)}) }, 10, 9 * time.Second, 0},
		{"it succeeds", func() { k.end(nil, at(11)) }, 11, time.Second, 3},
		{"an old commit is seen again", func() { k.commit(store.Commit{Sequence: 3, At: at(6)}) }, 12, 2 * time.Second, 3},
		{"the last one succeeds", func() { k.begin(); k.end(nil, at(13)) }, 99, 0, 4},
	}
	for _, s := range steps {
		s.do()
		got := k.status(at(s.now))
		if got.Lag != s.lag || got.Copied.Sequence != s.copied {
			t.Errorf("%s: got lag %v, copied %d, want %v, %d", s.name, got.Lag, got.Copied.Sequence, s.lag, s.copied)
		}
	}
}
