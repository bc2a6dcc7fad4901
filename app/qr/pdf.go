package qr

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

const (
	pdfDPI        = 300.0
	pointsPerInch = 72.0
	pdfSide       = 4962             // pixels: A3 at 300 dpi, the largest page rendered in full
	pdfWait       = 10 * time.Second // for an instance of the renderer
	wasmPages     = 12288            // of 64 KiB: 768 MiB for the renderer
)

// pdfDocument renders pages with PDFium inside WebAssembly: scans in any
// compression and drawn codes alike. The renderer sees no file system, and a
// fault in it ends at the sandbox's wall.
type pdfDocument struct {
	pool     pdfium.Pool
	instance pdfium.Pdfium
	doc      references.FPDF_DOCUMENT
	count    int
	lim      Limits
	cache    wazero.CompilationCache
}

// openPDF starts the renderer, which takes seconds to compile unless cacheDir
// holds the result of an earlier run; "" means no cache.
func openPDF(data []byte, lim Limits, cacheDir string) (*pdfDocument, error) {
	d := &pdfDocument{lim: lim}
	if err := d.start(cacheDir); err != nil {
		return nil, refused{Crashed, errors.Join(err, d.close())}
	}
	opened, err := d.instance.OpenDocument(&requests.OpenDocument{File: &data})
	if err != nil {
		err = errors.Join(err, d.close())
		if errors.Is(err, pdferrors.ErrPassword) || errors.Is(err, pdferrors.ErrSecurity) {
			return nil, refused{Locked, err}
		}
		return nil, refused{Damaged, err}
	}
	d.doc = opened.Document
	count, err := d.instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: d.doc})
	if err != nil || count.PageCount <= 0 {
		return nil, refused{Damaged, errors.Join(err, d.close())}
	}
	if d.count = count.PageCount; d.count > lim.Pages {
		return nil, refused{TooManyPages, d.close()}
	}
	return d, nil
}

func (d *pdfDocument) start(cacheDir string) error {
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(wasmPages)
	if cacheDir != "" {
		// A cache that cannot be used costs time only.
		if cache, err := wazero.NewCompilationCacheWithDir(cacheDir); err == nil {
			d.cache = cache
			config = config.WithCompilationCache(cache)
		}
	}
	pool, err := webassembly.Init(webassembly.Config{
		MinIdle: 1, MaxIdle: 1, MaxTotal: 1,
		FSConfig:      wazero.NewFSConfig(),
		RuntimeConfig: config,
		Stdout:        io.Discard,
		Stderr:        io.Discard,
	})
	if err != nil {
		return fmt.Errorf("start renderer: %w", err)
	}
	d.pool = pool
	if d.instance, err = pool.GetInstance(pdfWait); err != nil {
		return fmt.Errorf("get renderer: %w", err)
	}
	return nil
}

func (d *pdfDocument) pages() int { return d.count }

func (d *pdfDocument) page(i int) (*image.Gray, error) {
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: d.doc, Index: i}}
	size, err := d.instance.GetPageSize(&requests.GetPageSize{Page: page})
	if err != nil {
		return nil, refused{Damaged, err}
	}
	w, h := pixelSize(size.Width, size.Height)
	if w > d.lim.Pixels/h {
		return nil, refused{why: TooManyPixels}
	}
	shown, err := d.instance.RenderPageInPixels(&requests.RenderPageInPixels{
		Page: page, Width: w, Height: h,
		RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT,
		ImageFormat: requests.RenderImageFormatGrayscale,
	})
	if err != nil {
		return nil, refused{Damaged, err}
	}
	defer shown.Cleanup()
	if shown.Result.RenderedImage == nil {
		return nil, refused{why: Damaged}
	}
	return toGray(shown.Result.RenderedImage), nil
}

// pixelSize is the size of a page of so many points at pdfDPI, smaller where
// its long side would pass pdfSide.
func pixelSize(width, height float64) (w, h int) {
	f := pdfDPI / pointsPerInch
	if long := max(width, height) * f; long > pdfSide {
		f *= pdfSide / long
	}
	return max(int(math.Round(width*f)), 1), max(int(math.Round(height*f)), 1)
}

func (d *pdfDocument) close() error {
	var errs []error
	if d.instance != nil {
		errs = append(errs, d.instance.Close())
	}
	if d.pool != nil {
		errs = append(errs, d.pool.Close())
	}
	if d.cache != nil {
		errs = append(errs, d.cache.Close(context.Background()))
	}
	return errors.Join(errs...)
}
