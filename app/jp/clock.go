package jp

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Clock is a time of day in minutes since midnight (時刻), 0 (00:00) to 1440
// (24:00, the end of a day). The zero Clock is midnight, not an absent time.
type Clock int

const (
	noon     Clock = 12 * 60
	endOfDay Clock = 24 * 60
)

var writtenClock = regexp.MustCompile(`^(\d{1,2}):(\d{2})$`)

// ParseClock reads "09:30" or "9:30", in any width, from 00:00 to 24:00;
// anything else is ErrClock.
func ParseClock(s string) (Clock, error) {
	m := writtenClock.FindStringSubmatch(Narrow(s))
	if m == nil {
		return 0, ErrClock
	}
	hour, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, ErrClock
	}
	minute, err := strconv.Atoi(m[2])
	c := Clock(hour*60 + minute)
	if err != nil || minute > 59 || !c.exists() {
		return 0, ErrClock
	}
	return c, nil
}

// ClockOf returns what Tokyo's clocks show at t, seconds cut off.
func ClockOf(t time.Time) Clock {
	hour, minute, _ := t.In(Tokyo).Clock()
	return Clock(hour*60 + minute)
}

// String returns "09:30".
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c.hour(), c.minute()) }

// MarshalText returns the form of String, or ErrClock outside 00:00–24:00.
func (c Clock) MarshalText() ([]byte, error) {
	if !c.exists() {
		return nil, ErrClock
	}
	return []byte(c.String()), nil
}

// UnmarshalText reads what ParseClock reads. Empty text is ErrClock, because
// no Clock stands for an absent time.
func (c *Clock) UnmarshalText(text []byte) error {
	read, err := ParseClock(string(text))
	if err != nil {
		return err
	}
	*c = read
	return nil
}

// Japanese returns "午前9時30分", "午後1時", and "正午" for 12:00, which people
// read differently as 午前12時 and 午後0時. 24:00 is "午後12時", the words of the
// decree on the calendar of 1872 (明治5年太政官布告第337号).
func (c Clock) Japanese() string {
	switch {
	case c == noon:
		return "正午"
	case c == endOfDay:
		return "午後12時"
	case c > noon:
		return "午後" + (c - noon).Plain()
	}
	return "午前" + c.Plain()
}

// Plain returns "9時30分" or "13時", in the 24-hour count.
func (c Clock) Plain() string {
	if c.minute() == 0 {
		return fmt.Sprintf("%d時", c.hour())
	}
	return fmt.Sprintf("%d時%d分", c.hour(), c.minute())
}

// English returns "9:30 a.m." or "1 p.m."; 12:00 is "noon", 00:00 and 24:00
// are "midnight".
func (c Clock) English() string {
	half := "a.m."
	switch {
	case c == noon:
		return "noon"
	case c == 0 || c == endOfDay:
		return "midnight"
	case c > noon:
		half = "p.m."
	}
	hour := (c.hour()+11)%12 + 1
	if c.minute() == 0 {
		return fmt.Sprintf("%d %s", hour, half)
	}
	return fmt.Sprintf("%d:%02d %s", hour, c.minute(), half)
}

func (c Clock) hour() int    { return int(c) / 60 }
func (c Clock) minute() int  { return int(c) % 60 }
func (c Clock) exists() bool { return c >= 0 && c <= endOfDay }
