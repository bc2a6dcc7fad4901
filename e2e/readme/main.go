// Readme makes the picture of the README: the resident site on a telephone and
// the staff console, as the demo shows them.
//
//	go run ./e2e/readme -binary bin/madoguchi -out docs/img/screens.png
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func main() {
	binary := flag.String("binary", "bin/madoguchi", "the program")
	out := flag.String("out", "docs/img/screens.png", "the picture")
	flag.Parse()
	if err := run(*binary, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// start is what the demo prints about itself.
type start struct {
	Public, Console, Password string
	StaffID                   string `json:"staff_id"`
}

func run(binary, out string) (err error) {
	dir, err := os.MkdirTemp("", "madoguchi-readme-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	begin, stop, err := demo(binary, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("lang", "ja"), chromedp.WSURLReadTimeout(time.Minute))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	tab, cancelTab := chromedp.NewContext(alloc)
	defer cancelTab()
	ctx, cancelTime := context.WithTimeout(tab, 5*time.Minute)
	defer cancelTime()
	var shots []image.Image
	shoot := func(width, height int64, scale float64, phone bool, actions ...chromedp.Action) error {
		var picture []byte
		actions = append([]chromedp.Action{emulation.SetDeviceMetricsOverride(width, height, scale, phone)}, actions...)
		if err := chromedp.Run(ctx, append(actions, chromedp.CaptureScreenshot(&picture))...); err != nil {
			return err
		}
		shot, err := png.Decode(bytes.NewReader(picture))
		shots = append(shots, shot)
		return err
	}
	if err := shoot(390, 844, .75, true, chromedp.Navigate(begin.Public+"/")); err != nil {
		return err
	}
	if err := shoot(390, 844, .75, true, chromedp.Navigate(begin.Public+"/sign-in")); err != nil {
		return err
	}
	const own = "hand-of-staff-2026"
	if err := shoot(1366, 1055, .6, false,
		chromedp.Navigate(begin.Console+"/sign-in"),
		chromedp.SendKeys(`#f-staff_id`, begin.StaffID), chromedp.SendKeys(`#f-password`, begin.Password), chromedp.Submit(`#f-password`),
		chromedp.WaitVisible(`#f-new`), chromedp.SendKeys(`#f-current`, begin.Password), chromedp.SendKeys(`#f-new`, own), chromedp.SendKeys(`#f-again`, own), chromedp.Submit(`#f-again`),
		chromedp.WaitVisible(`form[action="/sign-out"]`), chromedp.Navigate(begin.Console+"/"),
	); err != nil {
		return err
	}
	return sideBySide(shots, out)
}

// sideBySide puts pictures into one row.
func sideBySide(shots []image.Image, out string) error {
	const gap = 16
	width, height := gap, 0
	for _, s := range shots {
		width, height = width+s.Bounds().Dx()+gap, max(height, s.Bounds().Dy())
	}
	row := image.NewRGBA(image.Rect(0, 0, width, height+2*gap))
	draw.Draw(row, row.Bounds(), image.NewUniform(color.Gray{Y: 0xd0}), image.Point{}, draw.Src)
	x := gap
	for _, s := range shots {
		draw.Draw(row, image.Rect(x, gap, x+s.Bounds().Dx(), gap+s.Bounds().Dy()), s, s.Bounds().Min, draw.Src)
		x += s.Bounds().Dx() + gap
	}
	var file bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, row); err != nil {
		return err
	}
	return os.WriteFile(out, file.Bytes(), 0o644)
}

// demo runs the program with fictional data.
func demo(binary, dir string) (begin start, stop func() error, err error) {
	cmd := exec.Command(binary, "demo", "--json", "--data", filepath.Join(dir, "data"), "--replica", filepath.Join(dir, "replica"), "--public", "127.0.0.1:0", "--console", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return begin, nil, err
	}
	if err := cmd.Start(); err != nil {
		return begin, nil, err
	}
	stop = func() error { return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()) }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &begin)
	}
	if err != nil {
		return begin, nil, errors.Join(err, stop())
	}
	return begin, stop, nil
}
