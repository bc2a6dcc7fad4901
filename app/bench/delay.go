package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Far puts a server further away: what it answers through the address that Far
// returns comes later by d. end closes the way.
func Far(ctx context.Context, server string, d time.Duration) (address string, end func() error, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var way sync.WaitGroup
	way.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			way.Go(func() { carry(ctx, near, server, d) })
		}
	})
	return l.Addr().String(), func() error {
		cancel()
		err := l.Close()
		way.Wait()
		return err
	}, nil
}

// carry is one connection. What it cannot carry on it closes, as a line does.
func carry(ctx context.Context, near net.Conn, server string, d time.Duration) {
	far, err := (&net.Dialer{}).DialContext(ctx, "tcp", server)
	if err != nil {
		near.Close()
		return
	}
	stop := context.AfterFunc(ctx, func() { near.Close(); far.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() {
		io.Copy(far, near)              //nolint:errcheck // the end of either side ends both
		far.(*net.TCPConn).CloseWrite() //nolint:errcheck // as above
	})
	both.Go(func() {
		late(near, far, d)
		near.Close()
		far.Close()
	})
	both.Wait()
}

// late copies and keeps every piece for d, however many are under way.
func late(to io.Writer, from io.Reader, d time.Duration) {
	type piece struct {
		due  time.Time
		data []byte
	}
	underway := make(chan piece, 1024)
	go func() {
		defer close(underway)
		for {
			buf := make([]byte, 16<<10)
			n, err := from.Read(buf)
			if n > 0 {
				underway <- piece{time.Now().Add(d), buf[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	var failed error
	for p := range underway {
		if failed != nil {
			continue // the reader must not hang
		}
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil && !errors.Is(err, net.ErrClosed) {
			failed = err
		}
	}
}
