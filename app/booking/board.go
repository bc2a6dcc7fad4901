package booking

import (
	"slices"
	"time"

	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// BoardLine is one visit on the board.
type BoardLine struct {
	DayEntry
	Late bool // came late, or has not come and is late by now
}

// Board is who is where at one place on a day (呼出し状況).
type Board struct {
	Waiting  []BoardLine // checked in, in the order in which they are to be called
	Called   []BoardLine // at the counters, called last first
	Expected []BoardLine // not yet here, by time
	Ended    []BoardLine // visits that are over, whatever came of them; the last first
}

// Only is the board of those who fit, in the same order.
func (b Board) Only(fits func(BoardLine) bool) Board {
	only := func(lines []BoardLine) []BoardLine {
		return slices.DeleteFunc(slices.Clone(lines), func(l BoardLine) bool { return !fits(l) })
	}
	return Board{Waiting: only(b.Waiting), Called: only(b.Called), Expected: only(b.Expected), Ended: only(b.Ended)}
}

// BoardOf reads the board of a place, or (venueID 0) of all. Who checked in
// before they counted as late waits by the time of their slot; who came late
// waits as if that slot began when they came, and so after those who were on
// time. One range read.
func BoardOf(tx *store.Tx, venueID int64, on jp.Date) (Board, error) {
	town, err := settings.Get(tx)
	if err != nil {
		return Board{}, err
	}
	entries, err := DayList(tx, venueID, on)
	if err != nil {
		return Board{}, err
	}
	var b Board
	late := time.Duration(town.LateMinutes) * time.Minute
	for _, e := range entries {
		line := BoardLine{DayEntry: e}
		limit := e.Visit.Slot.At().Add(late)
		switch e.Visit.State {
		case CheckedIn:
			line.Late = e.Visit.CheckedInAt.After(limit)
			b.Waiting = insert(b.Waiting, line, comesBefore)
		case Called:
			b.Called = insert(b.Called, line, func(a, b BoardLine) bool { return a.Visit.CalledAt.After(b.Visit.CalledAt) })
		case Booked:
			line.Late = tx.Now.After(limit)
			b.Expected = append(b.Expected, line)
		default:
			b.Ended = insert(b.Ended, line, func(a, b BoardLine) bool { return a.Visit.EndedAt.After(b.Visit.EndedAt) })
		}
	}
	return b, nil
}

// turn is by what a visit waits: its slot's start or, for who came late, when
// they came.
func (l BoardLine) turn() time.Time {
	if l.Late {
		return l.Visit.CheckedInAt
	}
	return l.Visit.Slot.At()
}

func comesBefore(a, b BoardLine) bool {
	if t, u := a.turn(), b.turn(); !t.Equal(u) {
		return t.Before(u)
	}
	if a.Late != b.Late {
		return b.Late
	}
	return a.Visit.CheckedInAt.Before(b.Visit.CheckedInAt)
}

// insert keeps lines in order; equal ones stay as they came.
func insert(lines []BoardLine, l BoardLine, before func(a, b BoardLine) bool) []BoardLine {
	i := len(lines)
	for i > 0 && before(l, lines[i-1]) {
		i--
	}
	lines = append(lines, BoardLine{})
	copy(lines[i+1:], lines[i:])
	lines[i] = l
	return lines
}
