package intake

import (
	"bytes"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/sheet"
	"madoguchi/store"
)

// The promise for the largest list a town has: 20,000 people compared in ten
// seconds and applied in ten more, on two cores, in memory that is bounded.
const (
	people   = 20_000
	promised = 10 * time.Second
	mostHeap = 400 << 20
)

// highest watches the heap until stopped.
func highest() (stop func() uint64) {
	var most atomic.Uint64
	end := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		var m runtime.MemStats
		for {
			select {
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), m.HeapInuse))
			}
		}
	}()
	return func() uint64 { close(end); <-done; return most.Load() }
}

func BenchmarkAddressListOf20000(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newTown(b)
		apptest.Write(b, w.st, func(tx *store.Tx) error {
			for i := range people {
				payload := fmt.Sprintf("%03d-%06d,%023d,01,南部　花子%d,ナンブ　ハナコ,1950%02d%02d,,,,,", i%1000, i, i, i, 1+i%12, 1+i%28)
				if _, err := ReadPayload(tx, w.by, payload); err != nil {
					return err
				}
			}
			return nil
		})
		var list bytes.Buffer
		out, err := sheet.NewWriter(&list, sheet.Options{Format: sheet.CP932})
		if err != nil {
			b.Fatal(err)
		}
		for i := -1; i < people && err == nil; i++ {
			if i < 0 {
				err = out.Write("交付通知書番号", "申請書ID", "氏名", "フリガナ", "生年月日", "住所", "方書")
				continue
			}
			err = out.Write(fmt.Sprintf("%03d-%06d", i%1000, i), "", "南部　花子", "ナンブ　ハナコ", "", fmt.Sprintf("青森県三戸郡南部町大字苫米地字下宿%d番地%d", 1+i/10, i%10), "")
		}
		if err != nil || out.Close() != nil {
			b.Fatal(err)
		}
		runtime.GC()
		stop := highest()
		b.StartTimer()

		began := time.Now()
		in, err := Inspect(AddressList, "list.csv", list.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		var ref store.Ref
		apptest.Write(b, w.st, func(tx *store.Tx) (err error) {
			ref, err = Upload(tx, w.by, in)
			return err
		})
		f := w.match(w.file(ref))
		matched := time.Since(began)
		began = time.Now()
		if err := w.apply(f); err != nil {
			b.Fatal(err)
		}
		applied := time.Since(began)
		heap := stop()
		b.ReportMetric(matched.Seconds(), "s/compared")
		b.ReportMetric(applied.Seconds(), "s/applied")
		b.ReportMetric(float64(heap>>20), "MB")
		if matched > promised || applied > promised || heap > mostHeap {
			b.Errorf("compared in %v, applied in %v, %d MB", matched, applied, heap>>20)
		}
		apptest.Read(b, w.st, func(tx *store.Tx) error {
			got, err := Results(tx, f)
			if got["applied"] != people {
				b.Errorf("got %v, want %d applied", got, people)
			}
			return err
		})
	}
}
