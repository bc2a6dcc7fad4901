// Slow measures how long the resident site's pages take on a slow telephone line:
// 400 kbit/s and 400 ms for a round trip, with an empty cache, in Chromium. It
// prints what each page weighs and when it can be read, and fails above 40 kB or
// one second after the answer to the connection.
//
//	go run ./e2e/slow -binary bin/madoguchi
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The line and what is promised on it.
const (
	roundTrip = 400 // ms
	perSecond = 400_000 / 8
	mostBytes = 40 * 1000
	mostTime  = time.Second
	tries     = 3 // the quickest counts: the line is what is measured, not how busy this machine is
)

func main() {
	binary := flag.String("binary", "bin/madoguchi", "the program to measure")
	flag.Parse()
	if err := measure(*binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(binary string) (err error) {
	dir, err := os.MkdirTemp("", "madoguchi-slow-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	site, stop, err := demo(binary, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	failed := 0
	fmt.Printf("%-28s %10s %14s %14s\n", "ページ", "重さ", "読めるまで", "全部で")
	for _, path := range []string{"/", "/sign-in", "/easy/sign-in", "/en", "/en/sign-in", "/find"} {
		var s sample
		for range tries {
			next, err := load(alloc, site+path)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if s.readable == 0 || next.readable < s.readable {
				s = next
			}
		}
		mark := ""
		if s.bytes > mostBytes || s.readable > mostTime {
			failed, mark = failed+1, "  ×"
		}
		fmt.Printf("%-28s %7d B  %9d ms  %9d ms%s\n", path, s.bytes, s.readable.Milliseconds(), s.whole.Milliseconds(), mark)
	}
	if failed > 0 {
		return fmt.Errorf("%d pages take more than %d B or %v", failed, mostBytes, mostTime)
	}
	return nil
}

// sample is what one page took.
type sample struct {
	bytes           int
	readable, whole time.Duration
}

// load opens a page in a new browser tab with an empty cache. Readable is from
// the first byte's request on the open connection to the first paint of text:
// what the program and its pages are answerable for. Whole is from the start,
// with the round trips of the connection.
func load(alloc context.Context, address string) (sample, error) {
	tab, cancel := chromedp.NewContext(alloc)
	defer cancel()
	ctx, cancelTime := context.WithTimeout(tab, time.Minute)
	defer cancelTime()
	var bytes float64
	chromedp.ListenTarget(ctx, func(event any) {
		if e, ok := event.(*network.EventLoadingFinished); ok {
			bytes += e.EncodedDataLength
		}
	})
	var times struct{ Request, Paint, Load float64 }
	err := chromedp.Run(ctx,
		network.Enable(), network.SetCacheDisabled(true),
		chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := network.EmulateNetworkConditionsByRule([]*network.Conditions{{Latency: roundTrip, DownloadThroughput: perSecond, UploadThroughput: perSecond}}).Do(ctx)
			return err
		}),
		emulation.SetDeviceMetricsOverride(390, 844, 1, true),
		chromedp.Navigate(address),
		chromedp.Sleep(300*time.Millisecond),
		chromedp.Evaluate(`(function () {
			var n = performance.getEntriesByType('navigation')[0], p = performance.getEntriesByName('first-contentful-paint')[0];
			return {Request: n.requestStart, Paint: p ? p.startTime : n.loadEventEnd, Load: n.loadEventEnd};
		})()`, &times))
	ms := func(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
	return sample{int(bytes), ms(times.Paint - times.Request), ms(times.Paint)}, err
}

// demo runs the program with fictional data.
func demo(binary, dir string) (site string, stop func() error, err error) {
	cmd := exec.Command(binary, "demo", "--json", "--data", filepath.Join(dir, "data"), "--replica", filepath.Join(dir, "replica"), "--public", "127.0.0.1:0", "--console", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() error {
		return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return "", nil, errors.Join(err, stop())
	}
	var start struct{ Public string }
	if err := json.Unmarshal(line, &start); err != nil {
		return "", nil, errors.Join(err, stop())
	}
	return start.Public, stop, nil
}
