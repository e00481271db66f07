"""Names and tooltips of the words that menus offer, in Blender's manner: title case, and no full stop at the end."""

# Words that title case does not turn into their name.
_LABELS = {
    "exr": "EXR",
    "png": "PNG",
    "rgba": "RGBA",
    "fgr": "Foreground",
    "8": "8-Bit",
    "16": "16-Bit",
    "fp32": "FP32",
    "fp16": "FP16",
    "bf16": "BF16",
    "rle": "RLE",
    "zips": "ZIPS",
    "zip": "ZIP",
    "piz": "PIZ",
    "dwaa": "DWAA",
    "dwab": "DWAB",
    "prores4444": "ProRes 4444",
    "matte_full": "Matte, Full Range",
    "preview": "Preview H.264",
    "preview_hevc": "Preview HEVC",
    "openjd": "Open Job Description",
    "deadlinecloud": "Deadline Cloud",
    "deadline10": "Deadline 10",
    "opencue": "OpenCue",
}

_TOOLTIPS = {
    "downsample_ratio": {"auto": "The size that the model was trained for"},
    "refiner": {
        "auto": "The refiner that suits the model",
        "deep": "Learned, sharper on hair",
        "fast": "Computed, without a model of its own",
    },
    "preroll": {
        "auto": "From the start of the shot where that is near, otherwise ten frames",
        "all": "From the start of the shot, however far away",
    },
    "missing": {
        "error": "Stop, and name the frames",
        "hold": "Repeat the frame before",
        "black": "Put a black frame in its place",
    },
    "focus": {
        "auto": "The part of the plate with people, where they are small in it",
        "plate": "The whole plate",
        "people": "The part of the plate with people, however large they are",
    },
    "exposure": {"auto": "Brighten dark plates for the model; the result keeps its exposure"},
    "denoise": {"auto": "Measure the grain, and remove it only where the plate is brightened"},
    "foreground": {
        "plate": "The plate's own colours, freed of the background in soft edges",
        "network": "The colours that the model predicts",
    },
    "edges": {
        "fine": "Solve hair and soft edges again from the plate's own pixels",
        "network": "Keep the model's edges",
    },
    "write": {
        "alpha": "The matte",
        "fgr": "The foreground's colour without the background, not multiplied by the matte",
        "rgba": "Foreground and matte in one picture",
        "people": "Each person by themselves",
    },
    "people_as": {
        "cryptomatte": "One file a frame, in which each person can be picked",
        "separate": "A matte sequence for each person who is kept",
    },
    "format": {"exr": "Keeps highlights and metadata", "png": "For previews and 8-bit work"},
    "depth": {
        "auto": "Half float for EXR, 8 bits for PNG",
        "half": "16-bit floating point, for EXR",
        "float": "32-bit floating point, for EXR",
        "8": "For PNG",
        "16": "For PNG",
    },
    "compression": {
        "none": "Large files, fastest to read",
        "rle": "Lossless, for flat pictures",
        "zips": "Lossless, line by line: fast in compositors",
        "zip": "Lossless, sixteen lines at once",
        "piz": "Lossless, for grainy pictures",
        "dwaa": "Lossy: changes a matte slightly",
        "dwab": "Lossy, in larger blocks",
    },
    "rgba_alpha": {
        "auto": "Premultiplied in EXR, straight in PNG",
        "premultiplied": "Colour multiplied by the matte",
        "straight": "Colour not multiplied by the matte",
    },
    "layout": {
        "separate": "One file for each product",
        "layered": "One EXR with matte and foreground as layers",
    },
    "movies": {
        "prores4444": "The cut-out with alpha, for editing",
        "matte": "The matte in video range",
        "matte_full": "The matte in full range",
        "preview": "The person over a background",
        "preview_hevc": "The person over a background, smaller",
    },
    "precision": {
        "auto": "FP16 on a CUDA GPU, FP32 elsewhere",
        "fp32": "Exact, on every device",
        "fp16": "Twice as fast on a GPU",
        "bf16": "As fast as FP16, less exact, never overflows",
    },
    "batch": {"auto": "As many as suit the device"},
    "existing": {
        "refuse": "Stop if there are results already",
        "resume": "Render what is missing; stop if other settings made the rest",
        "update": "Render what is missing, and what other settings or another plate made",
        "overwrite": "Render everything again",
    },
    "engine": {
        "openjd": "Write a job bundle for any runner",
        "deadlinecloud": "Submit to AWS Deadline Cloud",
        "deadline10": "Submit to Thinkbox Deadline",
        "opencue": "Submit to OpenCue",
        "flamenco": "Submit to Flamenco",
    },
    "exact": {
        "auto": "By states, or by a chain where that costs less",
        "states": "A cheap first pass saves the model's states",
        "chain": "One chunk after another",
        "none": "Each chunk alone, with a preroll; seams may show",
    },
}


def title(words):
    """Return a label in title case; words with capitals of their own stay as they are."""
    small = {"by", "of", "the", "a"}
    parts = words.split(" ")
    return " ".join(
        each if index and each in small else each[:1].upper() + each[1:] for index, each in enumerate(parts)
    )


def tooltip(text):
    """Return a description without its full stop, which Blender adds itself."""
    return text.removesuffix(".")


def menu_items(name, choice):
    """Return the items of a menu for a setting's options: identifier, label and tooltip each."""
    known = _TOOLTIPS.get(name, {})
    # A setting newer than this table still explains its options, all at once.
    return [(word, option_label(word), known.get(word) or tooltip(choice.help)) for word in choice.options]


def option_label(word):
    """Return an option's label."""
    return _LABELS.get(word) or title(word.replace("_", " "))
