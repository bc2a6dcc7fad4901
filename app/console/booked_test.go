package console

import (
	"testing"
)

func TestReadOutPageNeedsABooking(t *testing.T) {
	o := open(t)
	if p := o.clerk().Get(pathOf(o.hanako) + "/booked"); p.Path != pathOf(o.hanako) {
		t.Errorf("got %s, want the recipient's page", p.Path)
	}
}

func TestNumberIsSpokenInGroupsOfFour(t *testing.T) {
	if got, want := spoken("3672-4209"), "さん ろく なな に、よん に ゼロ きゅう"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
