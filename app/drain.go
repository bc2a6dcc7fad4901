package app

import (
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// turnOver is how long connections that are in use are given to end by
	// themselves, where the next process goes on with the same sockets.
	turnOver = 500 * time.Millisecond
	// firstRequest is how long a connection may be open without a request to be
	// waited for: browsers open some ahead and do not use them.
	firstRequest = time.Second
	// drainTime is for answers under way: more than a write waits for the copies.
	drainTime = 3500 * time.Millisecond
	drainLook = 5 * time.Millisecond
)

// connections knows what state each connection is in.
type connections struct {
	mu     sync.Mutex
	states map[net.Conn]http.ConnState
}

func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.states == nil {
		c.states = map[net.Conn]http.ConnState{}
	}
	if state == http.StateClosed || state == http.StateHijacked {
		delete(c.states, conn)
		return
	}
	c.states[conn] = state
}

// in counts the connections in a state.
func (c *connections) in(state http.ConnState) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.states {
		if s == state {
			n++
		}
	}
	return n
}

// lastAnswers tells visitors, once the service is about to end, to use another
// connection for what they ask next.
func (svc *service) lastAnswers(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if svc.closing.Load() {
			w.Header().Set("Connection", "close")
		}
		site.ServeHTTP(w, r)
	})
}

// turnOver lets the connections in use come to their end while the doors are
// still open: the answers say that they are the last on their connection. Only
// where the next process goes on with the same sockets.
func (svc *service) turnOver() {
	svc.closing.Store(true)
	time.Sleep(turnOver)
}

// drain lets nobody in any more and answers what was asked. http.Server.Shutdown
// would not do: it closes connections on which it has just read a request. What
// is left are connections on which nothing has happened for long.
func (svc *service) drain() {
	svc.closing.Store(true)
	for _, l := range svc.listeners {
		l.Close() //nolint:errcheck // close tells
	}
	svc.answering.Wait()
	for begin := time.Now(); ; time.Sleep(drainLook) {
		waited := time.Since(begin)
		asked, silent := svc.connections.in(http.StateActive), svc.connections.in(http.StateNew)
		if asked == 0 && (silent == 0 || waited > firstRequest) || waited > drainTime {
			return
		}
	}
}
