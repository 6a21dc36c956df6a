/** Rules of `view.css`, which script.py puts before the modules. */
declare const STYLES: string;
