package watch

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"madoguchi/store/restore"
)

// StandbyPath is where a machine that stands by says how far its own database is.
const StandbyPath = "/standby"

// Standby is what a machine that stands by says of its own database. It gives
// lengths of time, not times: the two machines' clocks may differ. Why it is
// stuck or what is wrong stands in its own log.
type Standby struct {
	Epoch    string  `json:"epoch"`
	Behind   float64 `json:"behind_seconds"`   // since it had everything, or began
	Verified float64 `json:"verified_seconds"` // since it passed every check; -1: never
	Commit   int64   `json:"verified_commit"`
	Stuck    bool    `json:"stuck"`
	Failed   bool    `json:"failed"` // the last check
}

// StandbyOf says it of a follower.
func StandbyOf(f restore.Following, now time.Time) Standby {
	since := func(t time.Time) float64 {
		if t.IsZero() {
			return -1
		}
		return now.Sub(t).Seconds()
	}
	return Standby{Epoch: f.Epoch, Behind: since(f.CaughtUpAt), Verified: since(f.VerifiedAt), Commit: f.Verified, Stuck: f.Stuck != "", Failed: f.Found != ""}
}

const (
	// followPatience is how long the standby may be behind.
	followPatience = 5 * time.Minute
	// buildPatience is how long it may build its database from the whole copies.
	buildPatience = 15 * time.Minute
)

// says how the standby's own database is, and whether something is wrong.
func (s *Standby) says() (text string, wrong bool) {
	length := func(seconds float64) string { return Length(time.Duration(seconds * float64(time.Second))) }
	switch {
	case s == nil:
		return "", false
	case s.Failed:
		return "。手元のデータベースが検査に合格しません。引き継ぐときは複製から戻します", true
	case s.Epoch == "" && s.Behind > buildPatience.Seconds():
		return "。手元のデータベースを" + length(s.Behind) + "のあいだ作れていません。引き継ぐときは複製から戻します", true
	case s.Epoch == "":
		return "。手元のデータベースを作っています", false
	case s.Behind > followPatience.Seconds():
		return "。手元のデータベースが " + length(s.Behind) + "遅れています", true
	case s.Verified < 0:
		return "。手元のデータベースはそろっています。検査はこれからです", false
	}
	return "。手元のデータベースはそろっています（" + length(s.Verified) + "前に検査に合格）", false
}

// askStandby returns what the other machine says of its database, nil if it
// says nothing.
func askStandby(ctx context.Context, peer string) *Standby {
	ctx, cancel := context.WithTimeout(ctx, peerTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, peer+StandbyPath, nil)
	if err != nil {
		return nil
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var s Standby
	if resp.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(resp.Body, 4096)).Decode(&s) != nil {
		return nil
	}
	return &s
}
