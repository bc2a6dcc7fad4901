package intake

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/postal"
	"madoguchi/store"
)

// nationalFile is as long as Japan Post's file of the whole country.
func nationalFile() []byte {
	const rows = 124_511
	var b strings.Builder
	row := func(code, muni, town string) {
		fmt.Fprintf(&b, "02445,\"039\",\"%s\",\"アオモリケン\",\"サンノヘグン\",\"カナ\",\"青森県\",\"%s\",\"%s\",0,1,0,0,0,0\r\n", code, muni, town)
	}
	row("0390899", "三戸郡南部町", "苫米地")
	for i := range rows - 1 {
		row(fmt.Sprintf("%07d", 1_000_000+i), fmt.Sprintf("三戸郡第%d町", i/60), fmt.Sprintf("町域%d番の里", i%60))
	}
	return []byte(b.String())
}

// A dictionary of the whole country is taken into use while people look
// addresses up: each look-up is answered at once, by the one before or by the
// new one, and in the end all know the new one.
func TestLookupsAreServedWhileTheNationalDictionaryLoads(t *testing.T) {
	w := newTown(t)
	dict := NewDictionary(w.st, slog.New(slog.DiscardHandler))
	defer dict.Wait()
	prepared, err := dict.Prepare(t.Context(), "utf_ken_all.csv", nationalFile())
	if err != nil {
		t.Fatal(err)
	}
	look := func() (code string, rows int) {
		var now *postal.Dictionary
		apptest.Read(t, w.st, func(tx *store.Tx) (err error) { now, err = dict.Now(tx); return err })
		return now.Lookup("南部町大字苫米地1", postal.SeedDefault()).Code, len(now.Towns("1000000"))
	}
	if code, _ := look(); code != "0390802" {
		t.Fatalf("got %s, want the built-in code 0390802", code)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		ref, err := OfferPostalFile(tx, w.by, prepared)
		if err != nil {
			return err
		}
		return TakePostalFile(tx, w.by, ref)
	})
	var before atomic.Int64
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				code, rows := look()
				switch {
				case code == "0390802" && rows == 0:
					before.Add(1)
				case code == "0390899" && rows == 1:
					return
				default:
					t.Errorf("got %s and %d rows, want one dictionary or the other, whole", code, rows)
					return
				}
			}
		})
	}
	readers.Wait()
	if before.Load() == 0 {
		t.Error("no look-up was answered while the dictionary was read")
	}
}
