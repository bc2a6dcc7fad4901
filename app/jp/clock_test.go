package jp

import (
	"errors"
	"testing"
)

func TestClockIsReadFromMidnightToMidnight(t *testing.T) {
	for _, c := range []struct {
		text string
		want Clock
		err  error
	}{
		{"00:00", 0, nil},
		{"09:30", 570, nil},
		{"9:30", 570, nil},
		{"９：３０", 570, nil},
		{" 13:00 ", 780, nil},
		{"24:00", 1440, nil},
		{"24:01", 0, ErrClock},
		{"25:00", 0, ErrClock},
		{"09:60", 0, ErrClock},
		{"09:3", 0, ErrClock},
		{"-1:00", 0, ErrClock},
		{"0930", 0, ErrClock},
		{"9時30分", 0, ErrClock},
		{"", 0, ErrClock},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := ParseClock(c.text)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %s, %v, want %s, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestEveryMinuteOfTheDayReadsBack(t *testing.T) {
	for c := Clock(0); c <= endOfDay; c++ {
		if got, err := ParseClock(c.String()); got != c || err != nil {
			t.Fatalf("%s: got %s, %v, want the same", c, got, err)
		}
	}
}

func TestClockInWords(t *testing.T) {
	type words struct{ Japanese, Plain, English string }
	for _, c := range []struct {
		clock string
		want  words
	}{
		{"00:00", words{"午前0時", "0時", "midnight"}},
		{"00:05", words{"午前0時5分", "0時5分", "12:05 a.m."}},
		{"09:00", words{"午前9時", "9時", "9 a.m."}},
		{"09:30", words{"午前9時30分", "9時30分", "9:30 a.m."}},
		{"11:59", words{"午前11時59分", "11時59分", "11:59 a.m."}},
		{"12:00", words{"正午", "12時", "noon"}},
		{"12:30", words{"午後0時30分", "12時30分", "12:30 p.m."}},
		{"13:00", words{"午後1時", "13時", "1 p.m."}},
		{"23:59", words{"午後11時59分", "23時59分", "11:59 p.m."}},
		{"24:00", words{"午後12時", "24時", "midnight"}},
	} {
		t.Run(c.clock, func(t *testing.T) {
			clock, err := ParseClock(c.clock)
			if err != nil {
				t.Fatal(err)
			}
			if got := (words{clock.Japanese(), clock.Plain(), clock.English()}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
