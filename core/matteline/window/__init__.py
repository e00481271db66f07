"""The window: look at mattes, judge them, queue them. Holds no matting code and never loads torch."""
