package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"madoguchi/app/watch"
	"madoguchi/store/replica"
	"madoguchi/store/restore"
)

// confirmWithin is how old the oldest write may be that the copies lack, for
// the other machine to count this one as able to confirm.
const confirmWithin = 5 * time.Second

// withHealth answers whoever watches the machine, before the site does:
//
//	/livez                the process answers
//	/readyz               it serves residents and staff
//	/readyz?confirming=1  and what it answers reaches the copies
//
// The answers hold nothing but the state.
func withHealth(site http.Handler, status func() replica.Status) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/livez":
			answerHealth(w, true, "alive")
		case "/readyz":
			s := status()
			confirming := r.URL.Query().Get("confirming") == ""
			if !confirming {
				confirming = s.LastError == "" && s.Lag < confirmWithin && s.Copied.Sequence > 0 && s.Able
			}
			switch {
			case s.Fenced:
				answerHealth(w, false, "fenced")
			case !confirming:
				answerHealth(w, false, "not confirming")
			default:
				answerHealth(w, true, "ready")
			}
		default:
			site.ServeHTTP(w, r)
		}
	})
}

func answerHealth(w http.ResponseWriter, ok bool, says string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintln(w, says) //nolint:errcheck // whoever asked has gone
}

// standingBy is what a machine answers that serves nothing. To the other one it
// says whether it could take over: not while it is blind for the copies; and,
// at /standby, how far its own database is.
func standingBy(blind func() bool, following func() restore.Following) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == watch.StandbyPath {
			answerFollowing(w, following())
			return
		}
		answerStandby(w, r, blind())
	})
}

func answerFollowing(w http.ResponseWriter, f restore.Following) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(watch.StandbyOf(f, time.Now())) //nolint:errcheck // whoever asked has gone
}

func answerStandby(w http.ResponseWriter, r *http.Request, blind bool) {
	if r.URL.Path == "/livez" {
		answerHealth(w, true, "alive")
		return
	}
	if r.URL.Path == "/readyz" {
		says := "standby"
		if blind {
			says = "standby blind"
		}
		answerHealth(w, false, says)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", "10")
	w.WriteHeader(http.StatusServiceUnavailable)
	io.WriteString(w, standbyPage) //nolint:errcheck // whoever asked has gone
}

// standbyPage is long enough for Internet Explorer not to show its own instead.
const standbyPage = `<!doctype html>
<html lang="ja">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>このサーバーは待機しています</title></head>
<body>
<main>
<h1>このサーバーは待機しています</h1>
<p>受付はもう一方のサーバーが行っています。少し待ってから、もう一度開いてください。ご予約はそのまま残っています。</p>
<p lang="en">This server is standing by; the other one is serving. Please try again in a moment. Your booking is safe.</p>
</main>
</body>
</html>
`

// peerConfirms asks the other machine whether it serves and confirms.
func peerConfirms(ctx context.Context, peer string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, peer+"/readyz?confirming=1", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
