"""Robust Video Matting (Lin, Yang, Saleemi, Sengupta, WACV 2022), after the paper and its checkpoints."""
